import { until } from "@postern/testkit";
import { expect, test } from "vitest";
import { secured, tcpPair } from "./socket-pairs.suite.js";
import { tunnelSocket } from "./tunnel-socket.js";

test("a write with TLS is known to be sent before node:tls reports it, unless the peer does not read", async () => {
  const { near, far } = await secured(await tcpPair());
  const { hasSent } = tunnelSocket(near);
  near.write("small");
  expect([near.writableLength, hasSent?.()]).toEqual([5, true]);
  far.pause();
  near.write(Buffer.alloc(16 * 1024 * 1024));
  await until("the kernel's buffers to be full", () => hasSent?.() === false);
  far.resume();
  await until("the end of the write", () => near.writableLength === 0);
  expect(hasSent?.()).toBe(true);
});

test("without TLS, the stream itself knows what has been sent", async () => {
  const { near } = await tcpPair();
  expect(tunnelSocket(near).hasSent).toBeUndefined();
});
