import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createListener, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NO_SESSION, type TunnelError } from "@postern/protocol";
import { WebSocketConnection } from "./websocket-connection.js";

/** A server that responds to the handshake with `answer`, in which `{accept}` stands for the right key. */
async function answering(answer: string): Promise<{ address: URL; server: Server }> {
  const server = createServer();
  server.on("upgrade", ({ headers }, socket: Socket) => {
    const key = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    socket.on("error", () => {});
    socket.resume();
    socket.write(answer.replace("{accept}", key.digest("base64")), "latin1");
    onTestFinished(() => void socket.destroy());
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { address: new URL(`ws://name.localhost:${(server.address() as AddressInfo).port}/connect`), server };
}

/** Connects; resolves with "open" or the error. */
function outcome(address: URL, headers: Record<string, string> = {}): Promise<"open" | TunnelError> {
  return new Promise((resolve) => {
    const connection = new WebSocketConnection(
      { address, headers, tls: {} },
      {
        onOpen: () => resolve("open"),
        onFailure: resolve,
      },
    );
    onTestFinished(() => connection.end());
  });
}

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
const ACCEPT = "Sec-WebSocket-Accept: {accept}\r\n";
const PROTOCOL = "Sec-WebSocket-Protocol: postern.v1\r\n";

test("sends the handshake of RFC 6455, section 4.1, with the configured headers, and opens", async () => {
  const { address, server } = await answering(`${SWITCH}${ACCEPT}${PROTOCOL}\r\n`);
  const upgrade = once(server, "upgrade");
  expect(await outcome(address, { "x-access": "pass", host: "elsewhere.example" })).toBe("open");
  const [{ method, url, httpVersion, headers }] = await upgrade;
  expect({ method, url, httpVersion }).toEqual({ method: "GET", url: "/connect", httpVersion: "1.1" });
  expect(headers).toEqual({
    host: "elsewhere.example",
    "x-access": "pass",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/),
    "sec-websocket-protocol": "postern.v1",
  });
});

test("bytes that follow the response at once are not lost", async () => {
  const { address } = await answering(`${SWITCH}${ACCEPT}${PROTOCOL}\r\n\x82\x02hi`);
  const message = await new Promise<string>((resolve, reject) => {
    const connection = new WebSocketConnection({ address, headers: {}, tls: {} }, {
      onOpen(transport) {
        transport.handler = { ...NO_SESSION, onMessage: (piece) => (resolve(piece.toString()), piece.length) };
      },
      onFailure: reject,
    }); // prettier-ignore
    onTestFinished(() => connection.end());
  });
  expect(message).toBe("hi");
});

test.each([
  ["the wrong key", `${SWITCH}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n${PROTOCOL}\r\n`, /key/],
  ["no key", `${SWITCH}${PROTOCOL}\r\n`, /key/],
  ["no subprotocol", `${SWITCH}${ACCEPT}\r\n`, /postern\.v1/],
  ["another subprotocol", `${SWITCH}${ACCEPT}Sec-WebSocket-Protocol: chat\r\n\r\n`, /postern\.v1/],
  ["an extension", `${SWITCH}${ACCEPT}${PROTOCOL}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`, /extension/],
  ["another protocol", `${SWITCH.replace("websocket", "h2c")}${ACCEPT}${PROTOCOL}\r\n`, /another protocol/],
  ["a page", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", /HTTP 200/],
  ["a page without end", "HTTP/1.1 502 Bad Gateway\r\n\r\nhello", /HTTP 502/],
  ["a redirect", "HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", /HTTP 301/],
])("%s is not the response of a Postern server", async (_name, answer, why) => {
  const error = await outcome((await answering(answer)).address);
  expect(error).toMatchObject({ code: "PN_SERVER_REFUSED", message: expect.stringMatching(why) });
});

test("a connection that is refused, or closed without a response, is reported as an unreachable server", async () => {
  const listener = createListener((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = new URL(`ws://127.0.0.1:${(listener.address() as AddressInfo).port}/connect`);
  expect(await outcome(address)).toMatchObject({ code: "PN_SERVER_UNREACHABLE" });
  await new Promise((closed) => listener.close(closed));
  expect(await outcome(address)).toMatchObject({ code: "PN_SERVER_UNREACHABLE" });
});
