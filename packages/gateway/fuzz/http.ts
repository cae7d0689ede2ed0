/**
 * Finds requests, responses and chunked bodies that the gateway reads or repairs differently from its plain twins, or
 * forwards so that node:http reads something else. Messages are generated and then damaged; a failing one is shrunk
 * and printed.
 *     node packages/gateway/fuzz/http.ts [--seconds 30] [--runs 1000000] [--seed N]
 */
import { METHODS } from "node:http";
import { isDeepStrictEqual, parseArgs } from "node:util";
import fc from "fast-check";
import { ChunkReader, RequestHead, ResponseHead } from "../dist/http/index.js";
import { HeadRepair, PaddedChunkReader } from "../dist/repair/index.js";
import {
  type ChunkedBody,
  chunkedBodies,
  cuts,
  flawedResponses,
  mutated,
  requests,
  responses,
} from "../src/http/messages.suite.ts";
import { twinRequest } from "../src/http/request-twin.suite.ts";
import { twinRepair } from "../src/repair/repair-twin.suite.ts";
import { nodeClientReads, nodeServerReads, type Seen } from "./node-reader.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    runs: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});

const request = new RequestHead();
const response = new ResponseHead();
const repair = new HeadRepair();
const strictChunks = new ChunkReader();
const paddedChunks = new PaddedChunkReader(() => {});

function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}\n  is        ${JSON.stringify(actual)}\n  should be ${JSON.stringify(expected)}`);
}

/** Reads a message between other bytes: first a part of it, then all of it. */
function readTwice(text: string, cut: number, read: (bytes: Buffer, start: number, end: number) => number): number {
  const bytes = Buffer.from(`\r\n\r\n${text}\r\n\r\n`, "latin1");
  const part = read(bytes, 4, 4 + (cut % (text.length + 1)));
  const whole = read(bytes, 4, 4 + text.length);
  if (part !== 0) same("the verdict on a part", part, whole);
  return whole;
}

function fieldsOf(head: string): string[] {
  const lines = head.split("\r\n").slice(1, -2);
  return lines.map((line) => line.replace(/^([^:]*):[ \t]*(.*?)[ \t]*$/, "$1: $2"));
}

interface PassedBody {
  passed: string;
  state: "done" | "open" | "refused";
  /** The bytes after the body. */
  left: string;
}

/** Passes a chunked body through the reader in pieces. Nothing of a refused piece is passed on. */
function passBody(text: string, where: readonly number[], chunks: ChunkReader = strictChunks): PassedBody {
  const bytes = Buffer.from(text, "latin1");
  const ends = [...new Set([...where.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  let passed = "";
  let start = 0;
  chunks.begin("chunks");
  for (const end of ends) {
    const stop = chunks.read(bytes, start, end);
    if (stop < 0) return { passed, state: "refused", left: "" };
    for (let n = 0; n < chunks.spanCount; n++) {
      passed += bytes.toString("latin1", chunks.spans[2 * n], chunks.spans[2 * n + 1]);
    }
    passed += chunks.tail?.toString("latin1") ?? "";
    if (chunks.done) return { passed, state: "done", left: text.slice(stop) };
    same("where a piece of the body ends", stop, end);
    start = end;
  }
  return { passed, state: "open", left: "" };
}

const NEXT = "GET /next HTTP/1.1\r\nHost: next\r\n\r\n";
const NEXT_SEEN: Seen = { what: "GET /next", fields: ["Host: next"], body: "", trailers: [], complete: true };

async function requestIsReadAsByTwin(
  text: string,
  cut: number,
  { message, data }: ChunkedBody,
  where: number[],
): Promise<void> {
  const length = readTwice(text, cut, (bytes, start, end) => request.read(bytes, start, end));
  const twin = twinRequest(text);
  same("whether it is a request", length > 0, twin !== undefined);
  if (length <= 0 || twin === undefined) return;
  const { method, path, authority, contentLength, chunked, keepAlive, upgrade, expectContinue } = request;
  const forwarded = request.write("Ours: 1\r\n").toString("latin1");
  const lines = forwarded.slice(0, -4).split("\r\n");
  same(
    "the request",
    { length, method, path, authority, contentLength, chunked, keepAlive, upgrade, expectContinue, forwarded: lines },
    twin,
  );
  if (!METHODS.includes(method) || contentLength > 1_000) return;

  const body = chunked ? passBody(message, where).passed : "x".repeat(Math.max(0, contentLength));
  const reading = await nodeServerReads(Buffer.from(forwarded + body + NEXT, "latin1"));
  same("node's verdict", reading.error, undefined);
  const [seen, next] = reading.messages;
  const trailers = seen?.trailers ?? [];
  const content = chunked ? data : body;
  same("node's request", seen, {
    what: `${method} ${path}`,
    fields: fieldsOf(forwarded),
    body: content,
    trailers,
    complete: true,
  });
  if (upgrade === "") same("node's next request", next, NEXT_SEEN);
  else same("what follows the upgrade", reading.afterUpgrade, NEXT);
}

/** Reads a response head as the exchange does: strictly, and where that fails, after a repair. */
function readResponse(bytes: Buffer, method: string, upgrade: string): number {
  const length = response.read(bytes, 0, bytes.length, method, upgrade);
  if (length >= 0) return length;
  const repaired = repair.read(bytes, response.flaw);
  repairIsThatOfTwin(bytes.toString("latin1"), repaired);
  if (repaired <= 0) return repaired;
  return response.read(repair.head, 0, repair.head.length, method, upgrade) < 0 ? -1 : repaired;
}

function repairIsThatOfTwin(text: string, length: number): void {
  const twin = twinRepair(text);
  same("whether it can be repaired", length > 0, twin !== undefined);
  if (twin === undefined) return;
  const lines = repair.head.toString("latin1").split("\r\n");
  same("the repaired head", { length, lines, repairs: [...repair.repairs].sort() }, twin);
}

async function responseIsReadByNode(
  text: string,
  cut: number,
  method: string,
  upgrade: string,
  { message, data }: ChunkedBody,
): Promise<void> {
  const length = readTwice(text, cut, (bytes, start, end) => readResponse(bytes.subarray(start, end), method, upgrade));
  if (length <= 0) return;
  const { status, body: kind, contentLength } = response;
  if (kind === "length" && contentLength > 1_000) return;
  const head = response.write({ visitorMinor: 1, close: false }).toString("latin1");
  const content = { none: "", length: "y".repeat(Math.max(0, contentLength)), chunked: data, close: "to the end" }[
    kind
  ];
  const body = kind === "chunked" ? passBody(message, []).passed : content;
  const reading = await nodeClientReads(Buffer.from(head + body, "latin1"), method, upgrade, kind === "close");
  if (status !== 101 && status < 200) reading.error = undefined;
  same("node's verdict", reading.error, undefined);
  const [seen] = reading.messages;
  const trailers = seen?.trailers ?? [];
  same("node's response", seen, {
    what: String(status),
    fields: fieldsOf(head),
    body: content,
    trailers,
    complete: true,
  });
}

/** For any damaged body, node sees the end only where the reader did, and with the same content. */
async function bodyIsReadByNode(text: string, where: number[], chunks: ChunkReader): Promise<void> {
  const { passed, state, left } = passBody(text, where, chunks);
  const dataBytes = chunks.dataBytes;
  const whole = passBody(text, [], chunks);
  const done = state === "done";
  // In pieces, an error in a trailer is detected when its line ends. Until then the body is open, which is equivalent,
  // because its end is not passed on.
  if (whole.state === "refused") same("whether the end was seen", done, false);
  else same("the same body in one piece", { passed, state, left }, whole);
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const reading = await nodeServerReads(Buffer.from(head + passed + (done ? NEXT : ""), "latin1"));
  same("node's verdict", reading.error, undefined);
  same("node's count of messages", reading.messages.length, done ? 2 : 1);
  same("whether node saw its end", reading.messages[0]?.complete, done);
  if (!done) return;
  same("the bytes of content", reading.messages[0]?.body.length, dataBytes);
  same("node's next request", reading.messages[1], NEXT_SEEN);
}

const messages = fc.oneof(requests, mutated(requests));
const damagedBodies = mutated(chunkedBodies.map(({ message }) => message));
/** Bodies with white space after some sizes, which only the reader of responses accepts. */
const paddedBodies = fc
  .tuple(chunkedBodies, fc.constantFrom(" ", "\t", "  \t"))
  .map(([{ message }, padding]) => message.replaceAll(/^([0-9a-f]+)\r\n/gim, `$1${padding}\r\n`));

const properties: Record<string, fc.IAsyncProperty<unknown>> = {
  "requests, against the twin and node": fc.asyncProperty(
    messages,
    fc.nat(),
    chunkedBodies,
    cuts,
    requestIsReadAsByTwin,
  ),
  "responses, against the twin of the repair and node": fc.asyncProperty(
    fc.oneof(responses, mutated(responses), flawedResponses, mutated(flawedResponses)),
    fc.nat(),
    fc.constantFrom("GET", "GET", "HEAD", "POST"),
    fc.constantFrom("", "websocket"),
    chunkedBodies,
    responseIsReadByNode,
  ),
  "chunked bodies, against node": fc.asyncProperty(damagedBodies, cuts, (text, where) =>
    bodyIsReadByNode(text, where, strictChunks),
  ),
  "chunked bodies of responses, against node": fc.asyncProperty(
    fc.oneof(paddedBodies, mutated(paddedBodies)),
    cuts,
    (text, where) => bodyIsReadByNode(text, where, paddedChunks),
  ),
};

/** Runs of one property before the next one. */
const TURN = 500;

const deadline = performance.now() + Number(options.seconds) * 1_000;
const runs = Number(options.runs);
let seed = Number(options.seed);
let messagesSeen = 0;
while (process.exitCode === undefined && performance.now() < deadline && messagesSeen < runs) {
  for (const [name, property] of Object.entries(properties)) {
    const turn = {
      seed,
      numRuns: Math.min(TURN, runs),
      interruptAfterTimeLimit: Math.max(1, deadline - performance.now()),
    };
    const result = await fc.check(property, turn);
    messagesSeen += result.numRuns;
    if (!result.failed || result.interrupted) continue;
    console.error(`${name}: found with --seed ${seed}, after ${messagesSeen} messages`);
    console.error(`  ${JSON.stringify(result.counterexample)}`);
    console.error(
      `  ${result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance)}`,
    );
    process.exitCode = 1;
    break;
  }
  seed++;
}
if (process.exitCode === undefined) console.log(`${messagesSeen} messages, nothing found`);
