import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { acceptUpgrade, upgradeFault } from "./websocket-upgrade.js";

/** The handshake of RFC 6455, section 1.3, with our subprotocol. */
const FIELDS: Record<string, string> = {
  Host: "server.example.com",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol": "postern.v1",
  "Sec-WebSocket-Version": "13",
};

const HANDSHAKE = "PN_CONNECT_HANDSHAKE";
const VERSION = "PN_CONNECT_VERSION";
const SUBPROTOCOL = "PN_CONNECT_SUBPROTOCOL";

/** Responds to a refused upgrade with only the code. */
const server = createServer().on("upgrade", (request, socket: Socket) => {
  socket.end(upgradeFault(request) ?? acceptUpgrade(request));
});
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => void server.close());

/** Sends the handshake with `changes` to its fields, and returns the whole response. */
async function ask(changes: Record<string, string | undefined> = {}, first = "GET /connect HTTP/1.1"): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const fields = Object.entries({ ...FIELDS, ...changes }).filter(([, value]) => value !== undefined);
  socket.write(`${first}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  let response = "";
  for await (const chunk of socket) response += String(chunk);
  return response;
}

test("the accept key for the RFC's example key matches the RFC's", async () => {
  expect(await ask()).toBe(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: postern.v1\r\n\r\n",
  );
});

test.each<[string, Record<string, string | undefined>]>([
  ["Upgrade in capitals", { Upgrade: "WebSocket" }],
  ["more options in Connection", { Connection: "keep-alive, upgrade" }],
  ["other subprotocols, too", { "Sec-WebSocket-Protocol": "postern.v2, postern.v1" }],
  ["extensions, which are not accepted", { "Sec-WebSocket-Extensions": "permessage-deflate" }],
])("accepted: %s", async (_name, changes) => {
  const response = await ask(changes);
  expect(response).toMatch(/^HTTP\/1.1 101 /);
  expect(response).not.toContain("Extensions");
});

test.each<[string, Record<string, string | undefined>, string, string?]>([
  ["another protocol", { Upgrade: "h2c" }, HANDSHAKE],
  ["no key", { "Sec-WebSocket-Key": undefined }, HANDSHAKE],
  ["a short key", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZQ==" }, HANDSHAKE],
  ["a long key", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZSE=" }, HANDSHAKE],
  ["a key that is not base64", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZ!==" }, HANDSHAKE],
  ["no version", { "Sec-WebSocket-Version": undefined }, VERSION],
  ["an old version", { "Sec-WebSocket-Version": "8" }, VERSION],
  ["no subprotocol", { "Sec-WebSocket-Protocol": undefined }, SUBPROTOCOL],
  ["another subprotocol", { "Sec-WebSocket-Protocol": "postern.v10" }, SUBPROTOCOL],
  ["another method", {}, HANDSHAKE, "POST /connect HTTP/1.1"],
  ["HTTP/1.0", {}, HANDSHAKE, "GET /connect HTTP/1.0"],
])("refused: %s", async (_name, changes, code, first) => {
  expect(await ask(changes, first)).toBe(code);
});
