import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { login, remoteError } from "./login.js";

test.for([
  ["a known code with a detail", { code: "PN_NAME_INVALID", detail: "3 to 20" }, "PN_NAME_INVALID", / \(3 to 20\)$/],
  ["an unknown code", { code: "PN_NEW", detail: "more" }, "PN_UNSUPPORTED", /\(PN_NEW: text\)$/],
  ["a detail that is too long", { code: "PN_NAME_INVALID", detail: "x".repeat(9_999) }, "PN_NAME_INVALID", /x…\)$/],
] as const)("%s of the server becomes an error", ([, fields, code, message]) => {
  const error = remoteError({ type: "error", message: "text", retryable: false, ...fields });
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.message.length).toBeLessThan(1_000);
});

test("a login that was aborted before it began ends at once", async () => {
  const silent = createServer();
  onTestFinished(() => void silent.close());
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const { port } = silent.address() as AddressInfo;
  const attempt = login({
    address: new URL(`ws://127.0.0.1:${port}/connect`),
    auth: { method: "api_key", api_key: "key" },
    headers: {},
    tls: {},
    proxy: undefined,
    timeout: 60_000,
    limits: {},
    signal: AbortSignal.abort(),
    onConnected() {},
  });
  await expect(attempt).rejects.toMatchObject({ code: "PN_CLOSED" });
});
