import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { Origin, patternHash, ProcessBaseline, Published, startBulkOrigin, until, type Wire } from "@postern/testkit";

const VISITORS = 200;
const ANSWER = 16_000_000;
/** A tenth of all answers: windows and buffers, but no bodies. */
const MOST_GROWTH = (VISITORS * ANSWER) / 10;
const UPLOAD = Buffer.alloc(1_000_000, "u");

async function manyWires(published: Published, first: string, ...fields: string[]): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (let number = 0; number < VISITORS; number += 1) {
    const wire = await published.wire(onTestFinished);
    wire.socket.pause();
    wire.write([`${first} HTTP/1.1`, `Host: ${published.host}`, ...fields, "", ""].join("\r\n"));
    wires.push(wire);
  }
  return wires;
}

async function expectQuickAnswers(published: Published): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    const { status, body } = await published.visit("/?bytes=70000");
    expect([status, createHash("sha256").update(body).digest("hex")]).toEqual([200, patternHash(70_000)]);
  }
}

test("beside two hundred visitors that read nothing of a big answer a new request is answered", async () => {
  const origin = await startBulkOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, origin.port);
  const baselines = [published.server.program, published.client.program].map((program) =>
    ProcessBaseline.take(program),
  );
  const wires = await manyWires(published, `GET /?bytes=${ANSWER}`);
  await until("all of them to be served", () => origin.requests.length === VISITORS);
  await expectQuickAnswers(published);

  let [written, still] = [0, 0];
  await until("the origin to stand still", () => {
    still = origin.bytesWritten === written ? still + 1 : 0;
    written = origin.bytesWritten;
    return still === 30;
  });
  // What they don't read is not kept for them: it stays with the origin.
  for (const { growth } of baselines) expect(growth).toBeLessThan(MOST_GROWTH);

  // They were stalled, not served: whoever reads on gets everything.
  expect(origin.requests.filter(({ aborted }) => aborted)).toEqual([]);
  const [reader] = wires as [Wire];
  reader.socket.resume();
  await until("the whole answer", () => reader.text.length > ANSWER);
  const answer = reader.received.subarray(reader.received.indexOf("\r\n\r\n") + 4);
  expect(createHash("sha256").update(answer).digest("hex")).toBe(patternHash(ANSWER));

  for (const wire of wires) wire.reset();
  await until(
    "the origin to be rid of them",
    () => origin.requests.filter(({ aborted }) => aborted).length >= VISITORS - 1,
  );
  for (const baseline of baselines) await baseline.regained();
});

test("beside two hundred uploads that the service doesn't read a new request is answered", async () => {
  let unread = 0;
  const bulk = await startBulkOrigin(onTestFinished);
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
    if (incoming.method !== "PUT") return void bulk.server.emit("request", incoming, outgoing);
    incoming.pause();
    unread += 1;
  });
  const published = await Published.start(onTestFinished, origin.port);
  const wires = await manyWires(published, "PUT /unread", `Content-Length: ${UPLOAD.length}`);
  for (const wire of wires) wire.write(UPLOAD);
  await until("all of them to begin", () => unread === VISITORS);
  await expectQuickAnswers(published);
});
