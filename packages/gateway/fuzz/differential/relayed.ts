import fc from "fast-check";
import { ChunkReader, RequestHead } from "../../dist/http/index.js";
import { chunkedBodies, mutated, requests, type ChunkedBody } from "../../src/http/messages.suite.ts";

/** A request as it is forwarded to an origin, and how the gateway read it. */
export interface Relayed {
  /** The visitor's bytes, for reports. */
  sent: string;
  bytes: Buffer;
  method: string;
  target: string;
  host: string;
  /** Bytes of content. */
  length: number;
  chunked: boolean;
  /** It offers another protocol: nothing is sent after it before the origin has responded. */
  upgrades: boolean;
}

const IDENTITY = "X-Forwarded-For: 192.0.2.1\r\nX-Request-Id: ours\r\n";
/** Longer announced bodies are not sent. */
const LONGEST = 2_000;
/** The content of bodies: a server that finds another end reads a request there. */
const BAIT = "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n";

const request = new RequestHead();
const chunks = new ChunkReader();

/** Generated and damaged requests, each with a chunked body in case it needs one. */
export const messages: fc.Arbitrary<[string, ChunkedBody]> = fc.tuple(
  fc.oneof(requests, mutated(requests), mutated(requests)),
  chunkedBodies,
);

/** The forwarded request; undefined when it is refused. */
export function relay(head: string, body: ChunkedBody): Relayed | undefined {
  const bytes = Buffer.from(head, "latin1");
  const read = request.read(bytes, 0, bytes.length);
  if (read <= 0 || read < bytes.length) return undefined;
  const { method, path, authority, chunked, contentLength } = request;
  // HTTP/1.0 without Host is for the server itself, and is not forwarded.
  if (contentLength > LONGEST || authority === "") return undefined;
  const length = chunked ? body.data.length : Math.max(0, contentLength);
  const sent = chunked ? body.message : BAIT.repeat(length / BAIT.length + 1).slice(0, length);
  const content = chunked ? passChunks(sent) : Buffer.from(sent);
  return {
    sent: head + sent,
    bytes: Buffer.concat([request.write(IDENTITY), content]),
    method,
    target: path,
    host: authority,
    length,
    chunked,
    upgrades: request.upgrade !== "",
  };
}

/** The chunked body as it is forwarded. */
function passChunks(message: string): Buffer {
  const bytes = Buffer.from(message, "latin1");
  chunks.begin("chunks");
  if (chunks.read(bytes, 0, bytes.length) !== bytes.length || !chunks.done) throw new Error("this is one whole body");
  const parts: Buffer[] = [];
  for (let n = 0; n < chunks.spanCount; n++) parts.push(bytes.subarray(chunks.spans[2 * n], chunks.spans[2 * n + 1]));
  if (chunks.tail !== undefined) parts.push(chunks.tail);
  return Buffer.concat(parts);
}
