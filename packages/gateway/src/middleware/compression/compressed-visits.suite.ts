import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { stepsOf } from "../chain/scripted-steps.suite.js";
import type { Step } from "../step.js";
import { Visit } from "../../visitor/visits.suite.js";
import { CompressionStep, type CompressionOptions } from "./compression-step.js";
import { EncoderRoom } from "./encoder-room.js";
import { Encoders } from "./encoders.js";

export const OPTIONS: CompressionOptions = {
  levels: { zstd: 3, br: 4, gzip: 6 },
  threshold: 100,
  types: ["text/*", "application/json"],
};

/** A response as its visitor got it. */
export interface Received {
  readonly status: number;
  /** By name, in lower case; the values of several fields are joined. */
  readonly fields: Readonly<Record<string, string>>;
  /** Without chunk framing. */
  readonly body: Buffer;
  /** Whether all of it has arrived. */
  readonly isComplete: boolean;
}

/** A visit to a route with compression, and memory and encoders of its own. */
export class CompressedVisit {
  readonly visit: Visit;
  readonly encoders: Encoders;
  readonly room: EncoderRoom;
  #got = "";
  #method = "GET";

  /** @param before steps before the compression, and after it */
  constructor(
    options: Partial<CompressionOptions> = {},
    {
      room = new EncoderRoom(),
      encoders = new Encoders(),
      before = [],
      visit = new Visit(),
    }: CompressedVisitOptions = {},
  ) {
    this.visit = visit;
    this.room = room;
    this.encoders = encoders;
    const compression = new CompressionStep({ ...OPTIONS, ...options }, this.encoders, room);
    visit.upstream.route.steps = stepsOf(...before, compression);
  }

  /** The visitor sends a request. @param lines field lines, each ended by CRLF */
  ask(lines = "Accept-Encoding: gzip\r\n", method = "GET", version = "1.1"): void {
    this.#method = method;
    this.visit.send(`${method} / HTTP/${version}\r\nHost: a.test\r\n${lines}\r\n`);
  }

  /** What has arrived of the current response. */
  get received(): Received {
    this.#got += this.visit.connection.take();
    return read(this.#got, this.#method);
  }

  /** The response, when all of it has arrived. The next one is read from then on. */
  async whole(): Promise<Received> {
    await eventually(() => this.received.isComplete || this.visit.connection.state !== "open");
    const { received } = this;
    this.#got = "";
    return received;
  }

  /** The response to a request. @param response with its head */
  async answer(response: string | Buffer, lines?: string, method?: string): Promise<Received> {
    this.ask(lines, method);
    const bytes = Buffer.from(response as string, "latin1");
    this.visit.upstream.stream.arrive(bytes);
    return this.whole();
  }
}

export interface CompressedVisitOptions {
  readonly room?: EncoderRoom;
  readonly encoders?: Encoders;
  readonly before?: readonly Step[];
  readonly visit?: Visit;
}

/** Waits until the threads of Node.js have got so far. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** A response of a target. @param lines more field lines, each ended by CRLF */
export function response(body: string | Buffer, lines = "Content-Type: text/plain\r\n", status = "200 OK"): string {
  const text = Buffer.from(body as string).toString("latin1");
  return `HTTP/1.1 ${status}\r\nContent-Length: ${text.length}\r\n${lines}\r\n${text}`;
}

/** A response in chunks. */
export function chunked(pieces: readonly string[], lines = "Content-Type: text/plain\r\n"): string {
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${lines}\r\n${pieces.map((piece) => chunk(piece)).join("")}0\r\n\r\n`;
}

export function chunk(piece: string): string {
  return `${piece.length.toString(16)}\r\n${piece}\r\n`;
}

/** The text of a body in the coding of its response. @param isPartial whether more of it may follow */
export function decoded({ fields, body }: Received, isPartial = false): string {
  switch (fields["content-encoding"]) {
    case undefined:
      return body.toString("latin1");
    case "gzip":
      return gunzipSync(body, isPartial ? { finishFlush: constants.Z_SYNC_FLUSH } : {}).toString("latin1");
    case "br":
      return brotliDecompressSync(body, isPartial ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : {}).toString(
        "latin1",
      );
    case "zstd":
      return zstdDecompressSync(body, isPartial ? { finishFlush: constants.ZSTD_e_flush } : {}).toString("latin1");
    default:
      throw new Error(`unknown coding ${fields["content-encoding"]}`);
  }
}

/** Reads a response, or a request: its status is NaN. */
export function read(text: string, method: string): Received {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, fields: {}, body: Buffer.alloc(0), isComplete: false };
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  const status = Number(first.split(" ")[1]);
  const rest = text.slice(end + 4);
  if (fields["transfer-encoding"] === "chunked" && method !== "HEAD") {
    const { body, isComplete } = dechunked(rest);
    return { status, fields, body: Buffer.from(body, "latin1"), isComplete };
  }
  const isComplete = method === "HEAD" || rest.length >= Number(fields["content-length"] ?? 0);
  return { status, fields, body: Buffer.from(rest, "latin1"), isComplete };
}

function dechunked(text: string): { body: string; isComplete: boolean } {
  let body = "";
  let at = 0;
  for (;;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return { body, isComplete: false };
    const size = parseInt(text.slice(at, line), 16);
    if (size === 0) return { body, isComplete: text.endsWith("\r\n\r\n") };
    if (text.length < line + 4 + size) return { body, isComplete: false };
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}
