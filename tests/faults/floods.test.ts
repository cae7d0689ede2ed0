import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { ProcessBaseline, Published, ServerProcess, startEchoOrigin, TEST_KEY, until, Wire } from "@postern/testkit";
import { latencyOf } from "./latency.ts";
import { RawClient, rawFrame, RawFrame, webSocketFrame } from "./raw-client.ts";
import { finding, isFull, sized } from "./size.ts";

const HOSTILE_KEY = "key-of-a-hostile-tenant-0123456789";
/** The heap of a small machine. With little space for young objects, garbage does not hide what is kept. */
const SMALL_HEAP = { NODE_OPTIONS: "--max-old-space-size=192 --max-semi-space-size=2" };
const MIB = 1024 * 1024;
/** How many times longer other tenants may wait during a flood. */
const MOST_TIMES = 5;
const MOST_LOG = 0.5 * MIB;
const STANDSTILL = 1_000;
const FLOOD_TIME = sized(10_000, 1_000);

interface Setup {
  server: ServerProcess;
  /** Runs `flood` while a visitor of another tenant is served. Returns the growth of the server's memory. */
  during: (flood: () => Promise<unknown>) => Promise<number>;
}

/** A server with two tenants, one of them hostile. */
async function start(context: TestContext): Promise<Setup> {
  const keys = { tests: TEST_KEY, hostile: HOSTILE_KEY };
  const server = await ServerProcess.start(onTestFinished, { keys, env: SMALL_HEAP });
  const echo = await startEchoOrigin(onTestFinished);
  const other = await Published.start(onTestFinished, echo.port, { server, subdomain: "other" });
  const during = async (flood: () => Promise<unknown>): Promise<number> => {
    const before = await latencyOf(server.port, other.host, sized(300, 50));
    const baseline = ProcessBaseline.take(server.program);
    const logged = server.program.output.length;
    let isOver = false;
    let growth = 0;
    const flooding = flood().finally(() => (isOver = true));
    const whole = await latencyOf(server.port, other.host, 50, () => {
      growth = Math.max(growth, baseline.growth);
      return isOver;
    });
    await flooding;
    const times = whole.median / before.median;
    const worst = whole.p95 / before.p95;
    const log = server.program.output.length - logged;
    finding(
      context,
      `a visitor of another tenant waited ${times.toFixed(1)} times as long as before (median), ${worst.toFixed(1)} times (95 %)`,
    );
    finding(
      context,
      `the server's memory grew by ${(growth / MIB).toFixed(0)} MiB, its log by ${(log / 1024).toFixed(0)} KiB`,
    );
    expect(server.program.exit).toBeUndefined();
    expect(log).toBeLessThan(MOST_LOG);
    // Times are meaningless while other tests run.
    if (isFull) expect(times).toBeLessThan(MOST_TIMES);
    return growth;
  };
  return { server, during };
}

/** Opens `visitors` requests to the hostile tenant that do not read, over `sessions` of its sessions. */
async function stalled(server: ServerProcess, sessions: number, visitors: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let session = 0; session < sessions; session++) {
    const client = await RawClient.start(onTestFinished, server.port, HOSTILE_KEY);
    await client.bind("hostile");
    clients.push(client);
  }
  for (let visitor = 0; visitor < visitors; visitor++) {
    const wire = await Wire.dial(onTestFinished, server.port);
    wire.socket.pause();
    wire.write("GET / HTTP/1.1\r\nHost: hostile.localhost\r\n\r\n");
  }
  await until("all requests", () => clients.reduce((sum, { limits }) => sum + limits.size, 0) === visitors);
  return clients;
}

/** Sends `total` bytes of responses to every stream's visitor, in DATA frames of `size` bytes, within the windows. */
async function respond(client: RawClient, size: number, total: number): Promise<void> {
  const HEAD = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const state = [...client.limits.keys()].map((id) => {
    client.send(webSocketFrame(2, rawFrame(RawFrame.DATA, id, HEAD)));
    const frame = rawFrame(RawFrame.DATA, id, Buffer.alloc(size, "x"));
    const count = Math.max(1, Math.floor(16_384 / size));
    return { id, frame, frames: Buffer.concat(Array.from({ length: count }, () => frame)), sent: HEAD.length };
  });
  let left = total;
  // Without new credit for this time, the visitors and the kernel take no more.
  for (let end = performance.now() + STANDSTILL; left > 0 && !client.isClosed && performance.now() < end;) {
    for (const stream of state) {
      const credit = client.limits.get(stream.id)! - stream.sent;
      const count = Math.min(Math.floor(credit / size), stream.frames.length / stream.frame.length);
      if (count === 0) continue;
      stream.sent += count * size;
      left -= count * size;
      client.send(webSocketFrame(2, stream.frames.subarray(0, count * stream.frame.length)));
      await client.drained();
      end = performance.now() + STANDSTILL;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test.for([
  [1, 4],
  ...sized(
    [
      [1, 8],
      [16, 16],
    ] as const,
    [],
  ),
] as const)(
  "responses in one-byte frames, by %i sessions to %i visitors that do not read, need the memory of their bytes",
  async ([sessions, visitors], context) => {
    const total = (visitors * 768 * 1024) / sessions;
    const growths: number[] = [];
    for (const size of [16 * 1024, 1]) {
      const { server, during } = await start(context);
      const clients = await stalled(server, sessions, visitors);
      const flood = (): Promise<unknown> => Promise.all(clients.map((client) => respond(client, size, total)));
      growths.push(await during(flood));
    }
    expect(growths[1]).toBeLessThan(growths[0]! + 16 * MIB);
  },
);

/** What a client with a valid key sends again and again. */
const floods: Record<string, () => Buffer> = {
  "control messages": () => control({ type: "unbind", tunnel: 9 }),
  errors: () => control({ type: "error", code: "PN_INTERNAL", message: "x", retryable: true }),
  "binds of one name": () => control({ type: "bind", bind: 1, subdomain: "hostile", instance: randomUUID() }),
  "refused binds": () => control({ type: "bind", bind: 1, subdomain: `-${randomUUID()}` }),
  PINGs: () => webSocketFrame(2, rawFrame(RawFrame.PING, 0, Buffer.alloc(8))),
  "WebSocket pings": () => webSocketFrame(9, Buffer.alloc(0)),
};

function control(message: object): Buffer {
  return webSocketFrame(2, rawFrame(RawFrame.CONTROL, 0, Buffer.from(JSON.stringify(message))));
}

test.for(sized(Object.keys(floods), ["WebSocket pings"]))(
  "a flood of %s, as fast as allowed and then faster",
  async (name, context) => {
    const { server, during } = await start(context);
    const next = floods[name] as () => Buffer;
    await during(async () => {
      const client = await RawClient.start(onTestFinished, server.port, HOSTILE_KEY);
      const end = performance.now() + FLOOD_TIME;
      client.send(Buffer.concat(Array.from({ length: 200 }, next)));
      while (performance.now() < end) {
        client.send(Buffer.concat(Array.from({ length: 4 }, next)));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(client.isClosed).toBe(false);
      client.send(Buffer.concat(Array.from({ length: 10_000 }, next)));
      await until("the end of the session", () => client.isClosed);
      await until("the reason in the log", () => server.program.output.includes("PN_CONTROL_RATE"));
    });
  },
);

test("a flood of pipelined requests that the server refuses, to tunnels and to the base domain", async (context) => {
  const { server, during } = await start(context);
  await during(async () => {
    const end = performance.now() + FLOOD_TIME;
    const flood = async (host: string): Promise<void> => {
      const requests = Buffer.from(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(1_500));
      while (performance.now() < end) {
        const wire = await Wire.dial(onTestFinished, server.port);
        wire.write(requests);
        await until("the end", () => wire.end !== "open");
        wire.socket.destroy();
      }
    };
    await Promise.all(["nobody.localhost", "nobody.localhost", "localhost", "localhost"].map(flood));
  });
});
