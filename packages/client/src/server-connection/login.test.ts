import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { login, remoteError, type LoggedIn, type LoginOptions } from "./login.js";

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

/** A login at a server that accepts connections and is silent. `accepted`: the server's side of the connection. */
async function loginAtSilent(
  scheme: "ws" | "wss",
  options: Partial<LoginOptions> = {},
): Promise<{ attempt: Promise<LoggedIn>; accepted: Promise<Socket> }> {
  const silent = createServer();
  onTestFinished(() => void silent.close());
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const accepted = once(silent, "connection").then(([socket]: Socket[]) => socket as Socket);
  void accepted.then((socket) => socket.on("error", () => {}));
  const attempt = login({
    address: new URL(`${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}/connect`),
    auth: { method: "api_key", api_key: "key" },
    headers: {},
    tls: {},
    proxy: undefined,
    timeout: 60_000,
    limits: {},
    signal: new AbortController().signal,
    onConnected() {},
    ...options,
  });
  return { attempt, accepted };
}

test("a login that was aborted before it began ends at once", async () => {
  const { attempt } = await loginAtSilent("ws", { signal: AbortSignal.abort() });
  await expect(attempt).rejects.toMatchObject({ code: "PN_CLOSED" });
});

test.for([
  ["ws", /\(timed out while waiting for the response to the WebSocket handshake\)$/],
  ["wss", /the TLS handshake with 127\..* Perhaps it does not use TLS: .* use http:\/\/127\.\S+ as the server's/],
] as const)(
  "%s: a server that accepts the connection gets half of the timeout for the rest",
  async ([scheme, message]) => {
    // The timeout of the whole login is not faked.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { attempt, accepted } = await loginAtSilent(scheme);
    const ended = attempt.catch((error: Error) => error);
    await once(await accepted, "data");
    vi.advanceTimersByTime(29_999);
    await setImmediate();
    expect(await Promise.race([ended, Promise.resolve("pending")])).toBe("pending");
    vi.advanceTimersByTime(1);
    expect(await ended).toMatchObject({ code: "PN_SERVER_UNREACHABLE", message: expect.stringMatching(message) });
  },
);
