import { randomFillSync } from "node:crypto";
import { Field, type RequestHead } from "../http/index.js";
import { parseTraceparent, traceparentText } from "./traceparent.js";
import { passedTracestate } from "./tracestate.js";

/** Whose traces go on. From all others, `traceparent` and `tracestate` are dropped, and a new trace begins. */
export type TraceTrust = "proxies" | "everyone";

export interface TracingOptions {
  /** `proxies`: only trusted proxies. Default `proxies`. */
  readonly trust?: TraceTrust;
  /** The share of the new traces that are marked as sampled, 0 to 1. Default 1. */
  readonly sampled?: number;
  /** A number from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
}

/** The trace of one request. */
export interface Trace {
  readonly id: string;
  /** The lines for its target, each ended by CRLF. */
  readonly lines: string;
}

/** The fields of a trace, in lower case. */
export const TRACE_FIELDS: readonly string[] = ["traceparent", "tracestate"];

/** Gives each request a trace (W3C Trace Context): that of its sender, or a new one. */
export class Tracing {
  readonly #trust: TraceTrust;
  readonly #sampled: number;
  readonly #random: () => number;

  constructor({ trust = "proxies", sampled = 1, random = Math.random }: TracingOptions = {}) {
    this.#trust = trust;
    this.#sampled = sampled;
    this.#random = random;
  }

  /** @param isProxied whether the request comes from a trusted proxy */
  of(head: RequestHead, isProxied: boolean): Trace {
    const isTrusted = isProxied || this.#trust === "everyone";
    const given = isTrusted ? parseTraceparent(head.fieldValue("traceparent")) : undefined;
    if (given === undefined) {
      const isSampled = this.#random() < this.#sampled;
      const [traceId, parentId] = [randomDigits(16), randomDigits(8)];
      return { id: traceId, lines: lineOf("traceparent", traceparentText({ traceId, parentId, isSampled })) };
    }
    const state = passedTracestate(head.fieldValues(Field.other, "tracestate"));
    const lines = [lineOf("traceparent", traceparentText(given)), state === "" ? "" : lineOf("tracestate", state)];
    return { id: given.traceId, lines: lines.join("") };
  }
}

function lineOf(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

/** Random bytes in stock, because each call for some takes microseconds. */
const STOCK = Buffer.alloc(4_096);
let used = STOCK.length;

/** As many random bytes in hexadecimal digits, not all zero. */
function randomDigits(bytes: number): string {
  if (used + bytes > STOCK.length) {
    randomFillSync(STOCK);
    used = 0;
  }
  const digits = STOCK.toString("hex", used, (used += bytes));
  return /[^0]/.test(digits) ? digits : randomDigits(bytes);
}
