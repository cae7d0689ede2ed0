import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { Origin, patternHash, ProcessBaseline, Published, startBulkOrigin, until, type Wire } from "@postern/testkit";

/**
 * More than the kernel buffers for a visitor that does not read (about 4 MB on loopback), so that the rest fills the
 * session. It is only a little more, because two hundred such responses must fit into the kernel's memory for all
 * sockets.
 */
const RESPONSE_SIZE = 5_000_000;
const STALLED = 200;
const UPLOAD = Buffer.alloc(1_000_000, "u");

/** For back-pressure: few visitors, and far more bytes than all buffers hold. */
const HUGE_RESPONSE = 200_000_000;
const FEW = 10;
/** A fifth of the requested bytes. This allows for windows and buffers, but not for the bodies. */
const MAX_GROWTH = (FEW * HUGE_RESPONSE) / 5;

/** A kernel that is short of socket memory is slow. */
const LONG_TIMEOUT = { timeout: 60_000 };

async function stall(published: Published, visitors: number, first: string, ...fields: string[]): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (let number = 0; number < visitors; number += 1) {
    const wire = await published.wire(onTestFinished);
    wire.socket.pause();
    wire.write([`${first} HTTP/1.1`, `Host: ${published.host}`, ...fields, "", ""].join("\r\n"));
    wires.push(wire);
  }
  return wires;
}

async function expectResponses(published: Published): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    const { status, body } = await published.visit("/?bytes=70000");
    expect([status, createHash("sha256").update(body).digest("hex")]).toEqual([200, patternHash(70_000)]);
  }
}

async function standstill(origin: Origin): Promise<void> {
  let [written, still] = [0, 0];
  await until(
    "the origin to stop sending",
    () => {
      still = origin.bytesWritten === written ? still + 1 : 0;
      written = origin.bytesWritten;
      return still === 30;
    },
    LONG_TIMEOUT,
  );
}

const baselinesOf = ({ server, client }: Published): ProcessBaseline[] =>
  [server.program, client.program].map((program) => ProcessBaseline.take(program));

test(
  "a new request is answered while two hundred visitors do not read their responses",
  { timeout: 150_000 },
  async () => {
    const origin = await startBulkOrigin(onTestFinished);
    const published = await Published.start(onTestFinished, origin.port);
    const baselines = baselinesOf(published);
    const path = `/?bytes=${RESPONSE_SIZE}`;
    const wires = await stall(published, STALLED, `GET ${path}`);
    await until("all of them to be served", () => origin.requests.length === STALLED, LONG_TIMEOUT);
    await standstill(origin);
    await expectResponses(published);
    // The kernel may have buffered a whole response for some visitors; the others occupy their share of the session.
    const over = published.client.events
      .filter(({ type, data }) => type === "http_request" && data["path"] === path)
      .reduce((sum, { data }) => sum + 1 + Number(data["omitted"] ?? 0), 0);
    expect(over).toBeLessThan(STALLED / 10);

    for (const wire of wires) wire.reset();
    await published.client.program.waitFor("all of them to end", () => origin.connections < STALLED);
    for (const baseline of baselines) await baseline.restored(LONG_TIMEOUT);
  },
);

test(
  "bytes that stalled visitors do not read are not buffered, and arrive when they read again",
  { timeout: 150_000 },
  async () => {
    const origin = await startBulkOrigin(onTestFinished);
    const published = await Published.start(onTestFinished, origin.port);
    const baselines = baselinesOf(published);
    const wires = await stall(published, FEW, `GET /?bytes=${HUGE_RESPONSE}`);
    await until("all of them to be served", () => origin.requests.length === FEW, LONG_TIMEOUT);
    await standstill(origin);
    for (const { growth } of baselines) expect(growth).toBeLessThan(MAX_GROWTH);
    expect(origin.requests.filter(({ aborted }) => aborted)).toEqual([]);

    const [reader] = wires as [Wire];
    reader.socket.resume();
    await until("the whole response", () => reader.bytes > HUGE_RESPONSE, LONG_TIMEOUT);
    const body = reader.received.subarray(reader.received.indexOf("\r\n\r\n") + 4);
    expect(createHash("sha256").update(body).digest("hex")).toBe(patternHash(HUGE_RESPONSE));
    for (const wire of wires) wire.reset();
    for (const baseline of baselines) await baseline.restored(LONG_TIMEOUT);
  },
);

test(
  "a new request is answered while the service does not read two hundred uploads",
  { timeout: 150_000 },
  async () => {
    let unread = 0;
    const bulk = await startBulkOrigin(onTestFinished);
    const origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
      if (incoming.method !== "PUT") return void bulk.server.emit("request", incoming, outgoing);
      incoming.pause();
      unread += 1;
    });
    const published = await Published.start(onTestFinished, origin.port);
    const wires = await stall(published, STALLED, "PUT /unread", `Content-Length: ${UPLOAD.length}`);
    for (const wire of wires) wire.write(UPLOAD);
    await until("all of them to begin", () => unread === STALLED, LONG_TIMEOUT);
    await expectResponses(published);
  },
);
