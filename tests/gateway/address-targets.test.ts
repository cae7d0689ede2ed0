import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import {
  ChatOrigin,
  claimPort,
  ClockOrigin,
  Origin,
  scratchFolder,
  ScriptedOrigin,
  startBulkOrigin,
  patternHash,
  until,
  type UploadReceipt,
} from "@postern/testkit";
import { AddressGateway, type TargetOptions } from "./address-gateway.js";
import { ManualClock } from "./manual-clock.js";
import { listening } from "./secure-origin.js";

describe("localhost with one of its two addresses listening", () => {
  test.each(["127.0.0.1", "::1"])("%s: 1,000 POSTs, none fails and none is sent twice", async (host) => {
    let requests = 0;
    const origin = createHttpServer((incoming, outgoing) => {
      requests++;
      incoming.resume().on("end", () => outgoing.end("ok"));
    });
    const port = await listening(origin, host);
    const gateway = await AddressGateway.start(onTestFinished, [{ address: { host: "localhost", port, tls: false } }]);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    onTestFinished(() => agent.destroy());
    const statuses = await Promise.all(
      Array.from(
        { length: 1_000 },
        async () => (await gateway.visit("/", { agent, method: "POST", body: "x" })).status,
      ),
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect([requests, gateway.outcomes.length, gateway.failures]).toEqual([1_000, 1_000, []]);
  });
});

describe("a bad target: visitors get a page that does not name it, and its owner is told the reason", () => {
  const cases: [string, () => Promise<TargetOptions | number>, number, string, RegExp][] = [
    ["nothing listens", claimPort, 502, "PN_TARGET_REFUSED", /^ECONNREFUSED, nothing listens/],
    [
      "a name that does not exist",
      async () => ({
        address: { host: "gone.example", port: 80, tls: false },
        lookup: () => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })),
      }),
      502,
      "PN_TARGET_REFUSED",
      /^ENOTFOUND, this name does not exist/,
    ],
    [
      "several addresses that all refuse",
      async () => ({
        address: { host: "two.example", port: await claimPort(), tls: false },
        lookup: async () => ["127.0.0.1", "127.0.0.2"],
      }),
      502,
      "PN_TARGET_REFUSED",
      /^127\.0\.0\.1: ECONNREFUSED, .*; 127\.0\.0\.2: ECONNREFUSED, /,
    ],
    [
      "a Unix socket that does not exist",
      async () => ({ address: { socketPath: join(scratchFolder(onTestFinished), "no.sock") } }),
      502,
      "PN_TARGET_REFUSED",
      /ENOENT/,
    ],
    [
      "https:// to a service without TLS",
      async () => ({
        address: { host: "127.0.0.1", port: await listening(createHttpServer()), tls: true },
      }),
      502,
      "PN_TARGET_SCHEME",
      /does not use TLS/,
    ],
  ];
  test.each(cases)("%s", async (_, target, status, code, reason) => {
    const gateway = await AddressGateway.start(onTestFinished, [await target()]);
    for (const method of ["GET", "POST"]) {
      const page = await gateway.visit("/", { method });
      expect([page.status, page.headers["postern-error"]]).toEqual([status, code]);
      expect(String(page.body)).not.toMatch(/127\.0\.0|\.example|\.sock|ECONN/);
    }
    expect(gateway.failures).toMatchObject([{ reason: expect.stringMatching(reason), count: 1 }]);
    expect(gateway.finished.map(({ code: each }) => each)).toEqual([code, code]);
  });

  const silent: [string, () => Promise<TargetOptions>][] = [
    [
      "a name server that does not answer",
      async () => ({ address: { host: "slow.example", port: 80, tls: false }, lookup: () => new Promise(() => {}) }),
    ],
    [
      "a TLS handshake that stops",
      async () => ({ address: { host: "127.0.0.1", port: await listening(createServer()), tls: true } }),
    ],
  ];
  test.each(silent)("%s: 504 when the time for the connection is over", async (_, target) => {
    const clock = new ManualClock();
    const gateway = await AddressGateway.start(onTestFinished, [{ ...(await target()), connectTimeout: 3_000 }], {
      clock,
    });
    const visit = gateway.visit("/", { method: "POST", body: "x" });
    await until("the dial", () => gateway.targets[0]?.inUse === 1);
    clock.pass(2_900);
    expect(gateway.failures).toEqual([]);
    clock.pass(200);
    const { status, headers } = await visit;
    expect([status, headers["postern-error"]]).toEqual([504, "PN_TARGET_TIMEOUT"]);
    expect(gateway.failures).toMatchObject([{ reason: expect.stringMatching(/ETIMEDOUT, the connection timed out/) }]);
  });
});

describe("failures of a target", () => {
  test("are reported at most once in 10 s, with their number", async () => {
    const clock = new ManualClock();
    const gateway = await AddressGateway.start(onTestFinished, [await claimPort()], { clock });
    for (let n = 0; n < 20; n++) await gateway.visit("/");
    clock.pass(10_000);
    await gateway.visit("/");
    expect(gateway.failures.map(({ count }) => count)).toEqual([1, 20]);
  });

  test("make a pool prefer its other targets for a while, and cost no request", async () => {
    const clock = new ManualClock();
    const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end());
    const gateway = await AddressGateway.start(onTestFinished, [await claimPort(), origin.port], { clock });
    const posts = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++)
        expect((await gateway.visit("/", { method: "POST", body: "x" })).status).toBe(200);
    };
    await posts(10);
    expect(gateway.outcomes.filter((outcome) => outcome === "refused")).toHaveLength(1);
    clock.pass(5_000);
    await posts(4);
    expect(gateway.outcomes.filter((outcome) => outcome === "refused")).toHaveLength(2);
  });
});

test("a connection attempt to another address of the name is no retry", async () => {
  const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end());
  const dead = "127.0.0.9";
  let lookups = 0;
  const lookup = async (): Promise<string[]> => {
    lookups++;
    return [dead, "127.0.0.1"];
  };
  const address = { host: "two.example", port: origin.port, tls: false };
  const gateway = await AddressGateway.start(onTestFinished, [{ address, lookup }]);
  for (let n = 0; n < 5; n++) expect((await gateway.visit("/", { method: "POST" })).status).toBe(200);
  expect([gateway.outcomes, gateway.failures, lookups]).toEqual([Array(5).fill("status"), [], 1]);
});

test("a Unix socket can be a target; its Host is localhost", async () => {
  const path = join(scratchFolder(onTestFinished), "app.sock");
  const origin = createHttpServer((incoming, outgoing) => outgoing.end(`${incoming.url} ${incoming.headers.host}`));
  origin.listen(path);
  await once(origin, "listening");
  onTestFinished(() => void origin.close());
  const gateway = await AddressGateway.start(onTestFinished, [{ address: { socketPath: path } }]);
  expect(String((await gateway.visit("/x")).body)).toBe("/x localhost");
});

describe("through an address", () => {
  test("a WebSocket passes messages both ways, and closes", async () => {
    const chat = await ChatOrigin.start(onTestFinished);
    const gateway = await AddressGateway.start(onTestFinished, [chat.origin.port]);
    const guests = [0, 1].map(() => new WebSocket(`ws://127.0.0.1:${gateway.port}/`));
    await Promise.all(guests.map((guest) => once(guest, "open")));
    const [one, two] = guests as [WebSocket, WebSocket];
    const got = once(two, "message");
    one.send(Buffer.alloc(1_000_000, "x"));
    expect(((await got) as [Buffer])[0].length).toBe(1_000_000);
    const closed = Promise.all(guests.map((guest) => once(guest, "close")));
    for (const guest of guests) guest.close(4_000);
    await closed;
    await until("the room to be empty", () => chat.room.size === 0);
  });

  test("each event of a stream arrives before the next is sent, and the origin notices a visitor that leaves", async () => {
    const clock = await ClockOrigin.start(onTestFinished);
    const gateway = await AddressGateway.start(onTestFinished, [clock.origin.port]);
    const wire = await gateway.ask(onTestFinished, "GET /clock");
    await until("the listener", () => clock.listeners === 1);
    for (let tick = 1; tick <= 5; tick += 1) {
      clock.tick();
      expect(await wire.read(`data: tick ${tick}\n\n`)).not.toContain(`tick ${tick + 1}`);
    }
    wire.reset();
    await until("the listener to be gone", () => clock.listeners === 0);
  });

  test("large bodies pass unchanged in both directions", async () => {
    const bulk = await startBulkOrigin(onTestFinished);
    const gateway = await AddressGateway.start(onTestFinished, [bulk.port]);
    const bytes = 40_000_000;
    const upload = Buffer.alloc(bytes, "0123456789abcdefg");
    const receipt = JSON.parse(
      String((await gateway.visit("/", { method: "PUT", body: upload })).body),
    ) as UploadReceipt;
    expect(receipt.bytes).toBe(bytes);
    expect(receipt.sha256).toBe(createHash("sha256").update(upload).digest("hex"));
    for (const form of ["", "&chunked"]) {
      const { body } = await gateway.visit(`/?bytes=${bytes}${form}`);
      expect(createHash("sha256").update(body).digest("hex")).toBe(patternHash(bytes));
    }
  });

  test("an early response arrives although the service closes before it has read the request", async () => {
    const script = await ScriptedOrigin.start(onTestFinished);
    const gateway = await AddressGateway.start(onTestFinished, [script.port]);
    const visit = gateway.visit("/early", { method: "POST", body: Buffer.alloc(3_000_000) });
    const origin = await script.wire("POST /early");
    origin.write("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno\n");
    origin.socket.end();
    const { status, body } = await visit;
    expect([status, String(body)]).toEqual([413, "no\n"]);
  });

  test("an idle connection that the service has closed costs a GET nothing", async () => {
    const script = await ScriptedOrigin.start(onTestFinished);
    const gateway = await AddressGateway.start(onTestFinished, [script.port]);
    const first = gateway.visit("/first");
    const origin = await script.wire("GET /first");
    origin.write("HTTP/1.1 204 No Content\r\n\r\n");
    expect((await first).status).toBe(204);
    // The next request is in the connection when the service closes it.
    const second = gateway.visit("/second");
    await origin.read("GET /second");
    origin.reset();
    script.wires.splice(script.wires.indexOf(origin), 1);
    (await script.wire("GET /second")).write("HTTP/1.1 204 No Content\r\n\r\n");
    expect([(await second).status, gateway.outcomes]).toEqual([204, ["status", "broken", "status"]]);
  });

  test("a POST gets a connection of its own, and is not sent again when that breaks", async () => {
    const script = await ScriptedOrigin.start(onTestFinished);
    const gateway = await AddressGateway.start(onTestFinished, [script.port]);
    const first = gateway.visit("/first");
    (await script.wire("GET /first")).write("HTTP/1.1 204 No Content\r\n\r\n");
    await first;
    const second = gateway.visit("/second", { method: "POST", body: "x" });
    const origin = await script.wire("POST /second");
    expect(origin.text).not.toContain("/first");
    origin.reset();
    const { status, headers } = await second;
    expect([status, headers["postern-error"], gateway.outcomes]).toEqual([
      502,
      "PN_TARGET_BROKEN",
      ["status", "broken"],
    ]);
  });
});

test("visitors that read nothing keep little memory, and another one is served at once", async () => {
  const piece = Buffer.alloc(256 * 1024);
  const senders: Socket[] = [];
  const endless = createServer((socket) => {
    // One buffer for all writes, so that the origin itself holds nothing.
    const send = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on("error", () => {}).on("drain", send);
    socket.once("data", (head: Buffer) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      if (!head.includes("GET /endless")) return void socket.end();
      senders.push(socket);
      send();
    });
  });
  const gateway = await AddressGateway.start(onTestFinished, [await listening(endless)]);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  const slow = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const wire = await gateway.wire(onTestFinished);
      wire.socket.pause();
      wire.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
      return wire;
    }),
  );
  await until("all responses", () => gateway.targets[0]?.inUse === slow.length);
  expect((await gateway.visit("/other")).status).toBe(200);
  // Origin, gateway and visitors share one event loop, so a round in which the origin sends nothing is the last.
  const sent = (): number => senders.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
  let last = 0;
  await until("the kernel's buffers to be full", () => {
    const earlier = last;
    last = sent();
    return last > 0 && last === earlier;
  });
  // How much each read returns depends on the kernel. Reading stops at 64 KB that the visitor has not read. Before it,
  // at most one read keeps a buffer of 129 KB, because less than a third of a buffer is copied, and the rest needs two
  // blocks. The read that passes 64 KB has such a buffer, too, and so has the next read.
  expect(held() - before).toBeLessThan(slow.length * (3 * 129 + 2 * 16) * 1024);
});
