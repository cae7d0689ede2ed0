import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  needs,
  ProcessBaseline,
  Program,
  Published,
  scratchFolder,
  ScriptedOrigin,
  ServerProcess,
  startBulkOrigin,
  SteadyVisitor,
  until,
  Wire,
  type Origin,
} from "@postern/testkit";

/** Garbage that is not collected yet. State kept for each visitor would need more. */
const SLACK = 96 * 1024 * 1024;
const LONG_TIMEOUT = { timeout: 60_000 };

const cleanup = new Cleanup();
let server: ServerProcess;
let origin: Origin;
/** The attacked service, and other services on the same server. */
let attacked: Published;
let healthy: Published;

beforeAll(async () => {
  const file = join(scratchFolder(cleanup.defer), "postern.toml");
  writeFileSync(file, `[tunnel.server.limits]\nbody_timeout = "10s"\nmin_body_rate = 240\n`, { mode: 0o600 });
  server = await ServerProcess.start(cleanup.defer, { args: ["--config", file] });
  origin = await startBulkOrigin(cleanup.defer);
  attacked = await Published.start(cleanup.defer, origin.port, { server, subdomain: "attacked" });
  const other = await startBulkOrigin(cleanup.defer);
  healthy = await Published.start(cleanup.defer, other.port, { server, subdomain: "healthy" });
});
afterAll(() => cleanup.run());

/**
 * Runs an attack, then checks that every process is alive, all resources are released, and the neighbours were always
 * served.
 */
async function withstands(harm: () => Promise<void>): Promise<void> {
  await attacked.visit("/?bytes=1000");
  await until("the attacked service to have no connections", () => origin.connections === 0);
  const processes = [server.program, attacked.client.program, healthy.client.program];
  const baselines = processes.map((program) => ProcessBaseline.take(program));
  const steady = await SteadyVisitor.start(onTestFinished, healthy.port, healthy.host);
  await harm();
  await steady.stopAndCheck();
  expect((await attacked.visit("/?bytes=1000")).body.length).toBe(1_000);
  // Every open stream has a connection to the service.
  await until("every stream to end", () => origin.connections === 0, LONG_TIMEOUT);
  for (const baseline of baselines) await baseline.restored({ slack: SLACK, ...LONG_TIMEOUT });
  for (const { stderr } of processes) expect(stderr).not.toMatch(/fault|uncaught|unhandled/i);
}

/** Opens this many connections. Each sends the result of `say` for its number. */
async function crowd(visitors: number, say: (number: number) => string): Promise<Wire[]> {
  const defer = onTestFinished;
  const wires: Wire[] = [];
  const some = async (): Promise<void> => {
    while (wires.length < visitors) {
      const number = wires.length;
      const place = wires.push(undefined as unknown as Wire) - 1;
      const wire = await attacked.wire(defer);
      wires[place] = wire;
      wire.write(say(number));
    }
  };
  await Promise.all(Array.from({ length: 50 }, some));
  return wires;
}

const head = (first: string, ...fields: string[]): string =>
  [`${first} HTTP/1.1`, `Host: ${attacked.host}`, ...fields, "", ""].join("\r\n");

async function slowhttptest(seconds: number, ...args: string[]): Promise<void> {
  const url = `http://${attacked.host}/?bytes=5000000`;
  const direct = ["-d", `127.0.0.1:${attacked.port}`, "-u", url, "-l", String(seconds), "-v", "1"];
  const program = new Program(onTestFinished, "slowhttptest", { args: [...args, ...direct] });
  await program.ends(0, (seconds + 20) * 1_000);
}

describe("slowhttptest", () => {
  test("slow heads", async (context) => {
    needs(context, "slowhttptest");
    await withstands(() => slowhttptest(6, "-H", "-c", "500", "-r", "250", "-i", "1", "-x", "10"));
  });

  test("slow bodies", async (context) => {
    needs(context, "slowhttptest");
    await withstands(() => slowhttptest(6, "-B", "-c", "500", "-r", "250", "-i", "1", "-s", "8192", "-x", "5"));
  });

  test("slow readers", async (context) => {
    needs(context, "slowhttptest");
    await withstands(() =>
      slowhttptest(6, "-X", "-c", "300", "-r", "150", "-w", "512", "-y", "1024", "-n", "1", "-z", "32"),
    );
  });
});

test("two thousand half-open visitors: silent, in the middle of a head, and with pipelined requests", async () => {
  const half = `GET /?bytes=10 HTTP/1.1\r\nHost: ${attacked.host}\r\nX-Half`;
  const piled = head("GET /?bytes=10") + head("POST /unread", "Content-Length: 1000000") + "x".repeat(1_000);
  await withstands(async () => {
    const wires = await crowd(2_000, (number) => ["", half, piled][number % 3]!);
    for (const path of ["/?bytes=1", "/?bytes=100000"]) expect((await attacked.visit(path)).status).toBe(200);
    for (const [number, wire] of wires.entries()) {
      if (number % 2 === 0) wire.reset();
      else wire.socket.destroy();
    }
  });
});

test("with a minimum rate, slowly dripping bodies are ended; steady bodies, and those that wait for the service, are not", async () => {
  const script = await ScriptedOrigin.start(onTestFinished);
  const slow = await Published.start(onTestFinished, script.port, { server });
  await withstands(async () => {
    const dripping = await crowd(100, () => head("POST /drip", "Content-Length: 100000"));
    const flowing = await attacked.ask(onTestFinished, "POST /flow", "Content-Length: 15000");
    const held = await slow.ask(onTestFinished, "POST /held", "Content-Length: 20000000");
    held.write(Buffer.alloc(20_000_000));
    (await script.wire("POST /held")).socket.pause();
    let second = 0;
    const clock = setInterval(() => {
      second += 1;
      for (const wire of dripping) if (wire.end === "open") wire.write("x");
      if (second <= 15) flowing.write("y".repeat(1_000));
    }, 1_000);
    onTestFinished(() => clearInterval(clock));
    await until("every dripping body to be ended", () => dripping.every(({ end }) => end !== "open"), LONG_TIMEOUT);
    for (const { text } of dripping)
      expect(text).toMatch(/^HTTP\/1\.1 408 [^]*\r\nPostern-Error: PN_HTTP_BODY_TIMEOUT\r\n/);
    await flowing.read("200 OK");
    expect([held.end, held.text]).toEqual(["open", ""]);
    clearInterval(clock);
    for (const wire of [held, flowing]) wire.reset();
  });
});

test("many visitors that leave at any point", async () => {
  const upgrade = head("GET /upgrade", "Connection: Upgrade", "Upgrade: websocket");
  const requests = [
    "GET /?by",
    head("GET /?bytes=3000000"),
    head("GET /?bytes=3000000&chunked"),
    head("POST /half", "Content-Length: 1000") + "x".repeat(500),
    head("POST /chunks", "Transfer-Encoding: chunked") + "5\r\nhel",
    upgrade,
    head("POST /wrong", "Transfer-Encoding: chunked") + "zz\r\n",
    head("GET /?bytes=10").repeat(20),
  ];
  await withstands(async () => {
    for (let wave = 0; wave < 4; wave += 1) {
      const wires = await crowd(300, (number) => requests[number % requests.length]!);
      await attacked.visit("/?bytes=1");
      for (const [number, wire] of wires.entries()) {
        if (number % 3 === 0) wire.finish();
        else wire.reset();
      }
      for (const wire of wires) wire.socket.destroy();
    }
  });
});

test("many bodies in one-byte chunks with extensions", async () => {
  const chunk = `1;${"e".repeat(20)}\r\nx\r\n`;
  await withstands(async () => {
    const wires = await crowd(60, () => head("POST /tiny", "Transfer-Encoding: chunked", "Connection: close"));
    for (const wire of wires) wire.write(`${chunk.repeat(700)}0\r\n\r\n`);
    await until("all of them to be answered", () => wires.every(({ end }) => end !== "open"), LONG_TIMEOUT);
    for (const { text } of wires) expect(text).toContain('"bytes":700');
  });
});

test("many hostile services", async () => {
  const script = await ScriptedOrigin.start(onTestFinished);
  const hostile = await Published.start(onTestFinished, script.port, { server });
  const responses = [
    "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000),
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(500_000)}`,
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and much more than that".repeat(100),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\nsurprise",
    "",
  ];
  await withstands(async () => {
    for (const [number, response] of responses.entries()) {
      const wires = await Promise.all(
        Array.from({ length: 30 }, () => hostile.ask(onTestFinished, `POST /hostile/${number}`, "Content-Length: 0")),
      );
      await until("all of them to arrive", () => arrived(script, `/hostile/${number} `) === wires.length);
      for (const wire of script.wires) {
        wire.write(response);
        if (number % 2 === 0) wire.reset();
        else wire.finish();
      }
      await until("all of them to receive something", () =>
        wires.every(({ end, bytes }) => bytes > 0 || end !== "open"),
      );
      for (const wire of [...wires, ...script.wires]) wire.socket.destroy();
      script.wires.length = 0;
    }
  });
});

function arrived({ wires }: ScriptedOrigin, mark: string): number {
  return wires.filter(({ text }) => text.includes(mark)).length;
}
