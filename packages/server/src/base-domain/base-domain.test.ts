import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { TrustedProxies } from "@postern/gateway";
import { expect, onTestFinished, test } from "vitest";
import { BaseDomain } from "./base-domain.js";

test("only the first of many pipelined requests is handled", async () => {
  const refused: string[] = [];
  const clients: Socket[] = [];
  const baseDomain = new BaseDomain(
    { onClient: (socket) => void clients.push(socket), onRefused: (code) => void refused.push(code) },
    {
      tunnelPattern: () => "http://<name>.localhost",
      isHealthy: () => true,
      trustedProxies: new TrustedProxies(),
      health: "/health",
      metrics: undefined,
    },
  );
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once("data", (chunk) => {
      socket.pause();
      socket.unshift(chunk);
      baseDomain.take(socket);
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void listener.close());
  await once(listener, "listening");
  const visitor = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  visitor.on("data", (chunk: Buffer) => (text += chunk.toString())).on("error", () => {});
  const upgrade =
    "GET /connect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: postern.v1\r\n\r\n";
  visitor.write("GET /unknown HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000) + upgrade);
  await once(visitor, "close");
  expect(text.match(/^HTTP\/1\.1 404 /gm)).toHaveLength(1);
  expect([refused, clients]).toEqual([["PN_PAGE_UNKNOWN"], []]);
});
