import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** The tables of cases/, which cases/README.md explains; texts are latin1: one character a byte. */

/** The meaning of a request head. */
export interface RequestMeaning {
  method: string;
  path: string;
  versionMinor: number;
  host: string;
  authority: string;
  contentLength: number;
  chunked: boolean;
  keepAlive: boolean;
  upgrade: string;
  expectContinue: boolean;
  acceptsTrailers: boolean;
  accept: string;
}

export interface AcceptedRequest {
  name: string;
  request: string;
  forwarded: string;
  says: RequestMeaning;
}

export interface RefusedRequest {
  name: string;
  request: string;
  status: number;
  code: string;
  /** The number of bytes after which it is refused. */
  after: number;
}

/** The meaning of a response head. */
export interface ResponseMeaning {
  status: number;
  versionMinor: number;
  body: string;
  contentLength: number;
  keepAlive: boolean;
  keepAliveTimeout: number;
  upgrade: string;
}

export interface AcceptedResponse {
  name: string;
  /** The request's method, and the protocols that it offers. */
  method: string;
  offered: string;
  response: string;
  passed: string;
  says: ResponseMeaning;
}

export interface RepairedResponse extends AcceptedResponse {
  /** The code of the flaw that the strict reader finds. */
  flaw: string;
  repairs: string[];
}

export interface RefusedResponse {
  name: string;
  offered: string;
  response: string;
  flaw: string;
}

/** What happens next: one side sends, or ends, or has received exactly this since the last check. */
export type Step =
  | { visitor_sends: string }
  | { visitor_ends: true }
  | { visitor_gets: string | OwnResponse }
  | { origin_sends: string }
  | { origin_ends: "end" | "reset" }
  | { origin_gets: string }
  /** The origin receives the beginning of this, or all of it, depending on the pieces in which it was sent. */
  | { origin_gets_part_of: string };

/** A response that the gateway generates. */
export interface OwnResponse {
  status: number;
  code: string;
}

export interface Dialogue {
  name: string;
  steps: Step[];
  /**
   * The state of the visitor's connection afterwards, and of that to the origin; `dropped`: ended or reset, depending
   * on the pieces.
   */
  visitor: "open" | "end" | "reset";
  origin: "none" | "kept" | "open" | "end" | "reset" | "dropped";
}

const PLAIN_REQUEST: RequestMeaning = {
  method: "GET",
  path: "/",
  versionMinor: 1,
  host: "a",
  authority: "a",
  contentLength: -1,
  chunked: false,
  keepAlive: true,
  upgrade: "",
  expectContinue: false,
  acceptsTrailers: false,
  accept: "",
};

const PLAIN_RESPONSE: ResponseMeaning = {
  status: 200,
  versionMinor: 1,
  body: "length",
  contentLength: 5,
  keepAlive: true,
  keepAliveTimeout: -1,
  upgrade: "",
};

/** The keys of lists. Other arrays are texts in parts. */
const LISTS: ReadonlySet<string> = new Set(["", "steps", "repairs"]);

/** Placeholder for the lines that describe the visitor to origins. */
export const IDENTITY = "{identity}";

export const acceptedRequests = table<AcceptedRequest>("requests-accepted").map((row) => ({
  ...row,
  says: { ...PLAIN_REQUEST, ...row.says },
}));

export const refusedRequests = table<RefusedRequest>("requests-refused").map((row) => ({
  ...row,
  after: row.after ?? row.request.length,
}));

export const acceptedResponses = table<AcceptedResponse>("responses-accepted").map(completed);
export const repairedResponses = table<RepairedResponse>("responses-repaired").map(completed);

export const refusedResponses = table<RefusedResponse>("responses-refused").map((row) => ({
  ...row,
  offered: row.offered ?? "",
}));

function completed<Row extends AcceptedResponse>(row: Row): Row {
  const { method = "GET", offered = "", says } = row as Partial<Row>;
  return { ...row, method, offered, says: { ...PLAIN_RESPONSE, ...says } };
}

export const dialogues = table<Dialogue>("dialogues");

/** Reads a table, and joins texts that are given in parts. */
function table<Row>(name: string): Row[] {
  const file = resolve(import.meta.dirname, `../cases/${name}.json`);
  return JSON.parse(readFileSync(file, "utf8"), (key, value: unknown) => {
    const isText = Array.isArray(value) && !LISTS.has(key) && value.every(isPart);
    if (isText) return value.join("");
    return isRepeat(value) ? value.repeat.repeat(value.times) : value;
  }) as Row[];
}

function isPart(value: unknown): value is string {
  return typeof value === "string";
}

function isRepeat(value: unknown): value is { repeat: string; times: number } {
  return typeof value === "object" && value !== null && "repeat" in value && "times" in value;
}
