import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { TrustedProxies } from "@postern/gateway";
import { expect, onTestFinished, test } from "vitest";
import { BaseDomain } from "./base-domain.js";

const UPGRADE = `GET /connect HTTP/1.1\r
Host: localhost\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
Sec-WebSocket-Protocol: postern.v1\r
\r
`;

interface Outcome {
  /** Everything that the visitor received. */
  text: string;
  /** Codes of refused requests. */
  refused: string[];
  /** Clients that opened a WebSocket. */
  clients: number;
}

/** Sends `requests` to the base domain in one piece. */
async function send(requests: string): Promise<Outcome> {
  const refused: string[] = [];
  let clients = 0;
  const onClient = (socket: Socket): void => {
    clients++;
    socket.end();
  };
  const baseDomain = new BaseDomain(
    { onClient, onRefused: (code) => void refused.push(code) },
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
  visitor.write(requests);
  await once(visitor, "close");
  return { text, refused, clients };
}

test("only the first of many pipelined requests is handled", async () => {
  const { text, refused, clients } = await send(
    "GET /unknown HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000) + UPGRADE,
  );
  expect(text.match(/^HTTP\/1\.1 404 /gm)).toHaveLength(1);
  expect([refused, clients]).toEqual([["PN_PAGE_UNKNOWN"], 0]);
});

test.for(["1.2", "1.9"])("HTTP/%s is read as HTTP/1.1, also behind blank lines", async (version) => {
  const page = `\r\n\r\nGET /health HTTP/${version}\r\nHost: localhost\r\n\r\n`;
  expect((await send(page)).text).toMatch(/^HTTP\/1\.1 200 .*"status":"ok"/s);
  expect(await send(UPGRADE.replace("1.1", version))).toMatchObject({ refused: [], clients: 1 });
});

test("HTTP/1.0 remains HTTP/1.0, which cannot upgrade", async () => {
  expect(await send(UPGRADE.replace("1.1", "1.0"))).toMatchObject({ refused: ["PN_CONNECT_HANDSHAKE"], clients: 0 });
});
