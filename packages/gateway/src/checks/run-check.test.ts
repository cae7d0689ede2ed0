import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { claimPort, Origin } from "@postern/testkit";
import { SYSTEM_CLOCK } from "../deadlines/clock.js";
import { AddressUpstream } from "../upstream/address-upstream.js";
import type { CheckOptions, HttpCheckOptions, TcpCheckOptions, WebSocketCheckOptions } from "./check-options.js";
import { runCheck } from "./run-check.js";

const times = { interval: 1_000, timeout: 5_000, unhealthyAfter: 1, healthyAfter: 1 };
const HTTP: HttpCheckOptions = { kind: "http", method: "GET", path: "/up?x", statuses: [200, 204], ...times };
const WEB_SOCKET: WebSocketCheckOptions = { kind: "websocket", path: "/ws", message: "hello", ...times };
const TCP: TcpCheckOptions = { kind: "tcp", ...times };

function check(options: CheckOptions, port: number): Promise<string | undefined> {
  const upstream = new AddressUpstream({ address: { host: "127.0.0.1", port, tls: false } });
  return new Promise((resolve) => {
    runCheck(options, upstream, SYSTEM_CLOCK, (result) => resolve(result.kind === "failed" ? result.fault : undefined));
  });
}

/** The port of a service that does this with each connection. */
async function service(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    onConnection(socket.on("error", () => {}));
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

/** The port of a service that sends this to everyone who sends something, in pieces. */
function answering(...pieces: (string | Buffer)[]): Promise<number> {
  return service((socket) => {
    socket.once("data", () => {
      for (const piece of pieces) socket.write(piece);
    });
  });
}

describe("a check by HTTP", () => {
  test("sends a request to the path, with the Host of the target or a configured one, on a connection of its own", async () => {
    const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("fine"));
    expect(await check(HTTP, origin.port)).toBeUndefined();
    expect(await check({ ...HTTP, method: "HEAD", host: "app.example" }, origin.port)).toBeUndefined();
    expect(origin.requests).toMatchObject([
      {
        method: "GET",
        url: "/up?x",
        headers: { host: `127.0.0.1:${origin.port}`, "user-agent": "Postern-Health-Check" },
      },
      { method: "HEAD", headers: { host: "app.example", connection: "close" } },
    ]);
  });

  test.each([
    ["another status", ["HTTP/1.1 503 X\r\n\r\n"], "it responded with 503"],
    ["bytes that are not HTTP", ["SSH-2.0-x\r\n"], "its response is not valid HTTP"],
    ["100 Continue before the response", ["HTTP/1.1 100 X\r\n\r\nHTTP/1.1 204 X\r\n\r\n"], undefined],
    ["a head in pieces", ["HTTP/1.1 20", "0 OK\r\nA: b\r", "\n\r\nhe"], undefined],
  ])("with %s", async (_, pieces, fault) => {
    expect(await check(HTTP, await answering(...pieces))).toBe(fault);
  });

  test.each([
    ["with a length", ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall ", "is ok"], undefined],
    [
      "in chunks",
      ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nis \r\n", "2\r\nok\r\n0\r\n\r\n"],
      undefined,
    ],
    ["without it", ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"], 'its body does not contain "is ok"'],
    ["without an end", ["HTTP/1.1 200 OK\r\n\r\n", Buffer.alloc(70_000)], "its response is larger than 64 KiB"],
  ])("finds a text in a body %s", async (_, pieces, fault) => {
    expect(await check({ ...HTTP, contains: "is ok" }, await answering(...pieces))).toBe(fault);
  });

  test("reports what prevents a response", async () => {
    expect(await check(HTTP, await claimPort())).toBe("it refused the connection");
    expect(await check(HTTP, await service((socket) => socket.once("data", () => socket.resetAndDestroy())))).toMatch(
      /closed the connection before its response was complete/,
    );
    const silent = await service(() => {});
    expect(await check({ ...HTTP, timeout: 20 }, silent)).toBe("it did not respond within 20 ms");
  });
});

describe("a check by WebSocket", () => {
  /** A service that accepts WebSockets and answers the first frame with these bytes. */
  const accepting = (...frames: Buffer[]): Promise<number> =>
    service((socket) => {
      socket.once("data", (bytes) => {
        const [, key = ""] = /Sec-WebSocket-Key: (\S+)/.exec(String(bytes)) ?? [];
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(
          `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.once("data", (ping) => {
          const masked = ping.subarray(6);
          const text = String(masked.map((byte, n) => byte ^ ping[2 + (n % 4)]!));
          expect([ping[0], ping[1], text]).toEqual([0x89, 0x85, "hello"]);
          for (const frame of frames) socket.write(frame);
        });
      });
    });
  const pong = Buffer.from("\x8a\x05hello", "latin1");

  test("sends a ping, and waits for its pong among other frames", async () => {
    const text = Buffer.concat([Buffer.from([0x81, 126, 1, 0]), Buffer.alloc(256, "x")]);
    const other = Buffer.from("\x8a\x02no", "latin1");
    expect(
      await check(WEB_SOCKET, await accepting(text, other, pong.subarray(0, 3), pong.subarray(3))),
    ).toBeUndefined();
  });

  test("requests the path, with the Host of the target or a configured one", async () => {
    const heads: string[] = [];
    const port = await service((socket) => {
      socket.once("data", (bytes) => {
        heads.push(String(bytes));
        socket.write("HTTP/1.1 404 X\r\n\r\n");
      });
    });
    await check(WEB_SOCKET, port);
    await check({ ...WEB_SOCKET, path: "/other", host: "app.example" }, port);
    expect(heads[0]).toMatch(new RegExp(`^GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`));
    expect(heads[1]).toMatch(/^GET \/other HTTP\/1.1\r\nHost: app.example\r\n/);
  });

  test("reports what is wrong", async () => {
    expect(await check(WEB_SOCKET, await accepting(Buffer.from([0x88, 0])))).toBe("it closed the WebSocket");
    expect(await check(WEB_SOCKET, await answering("HTTP/1.1 200 OK\r\n\r\n"))).toBe(
      "it responded with 200 instead of 101",
    );
    const head = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n";
    expect(await check(WEB_SOCKET, await answering(head))).toBe("its response does not accept the WebSocket");
    expect(await check({ ...WEB_SOCKET, timeout: 50 }, await accepting())).toBe("it did not respond within 50 ms");
  });
});

test("a check by TCP gives its timeout to the target", () => {
  const upstream = new AddressUpstream({ address: { host: "127.0.0.1", port: 1, tls: false } });
  const connect = vi.spyOn(upstream, "connect").mockReturnValue(() => {});
  runCheck({ ...TCP, timeout: 70 }, upstream, SYSTEM_CLOCK, () => {});
  expect(connect.mock.calls.map(([timeout]) => timeout)).toEqual([70]);
});

test("a check by TCP makes a connection", async () => {
  const ended = Promise.withResolvers<void>();
  expect(
    await check(TCP, await service((socket) => socket.resume().on("close", () => ended.resolve()))),
  ).toBeUndefined();
  await ended.promise;
  expect(await check(TCP, await claimPort())).toMatch(/^ECONNREFUSED/);
});
