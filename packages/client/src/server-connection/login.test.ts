import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { login } from "./login.js";

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
