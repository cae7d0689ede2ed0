import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { BodyCoder, CodedSink } from "../filters/response-filter.js";
import { Visit } from "../visitor/visits.suite.js";
import { routeSteps, type StepOptions } from "./chain/route-steps.js";
import { QuickStep, stepsOf } from "./chain/scripted-steps.suite.js";
import { Steps } from "./chain/steps.js";
import { chunk, decoded, eventually, read, type Received } from "./compression/compressed-visits.suite.js";

const VISITOR = "192.0.2.1";
const SECRET = "s3cr3t-of-the-webhook";
const PAGE = "<p>{status} {code}</p>";

/** Each step that needs no other process, and whose effect a test can foretell. */
const STEPS = {
  requestId: { responseHeader: "X-Id" },
  errorPages: { pages: { "4xx": PAGE, "5xx": PAGE }, targets: true },
  addresses: { deny: ["198.51.100.0/24"] },
  rateLimit: { requestsPerMinute: 60_000, window: 60_000, concurrent: 10 },
  cors: { origins: ["https://app.example"], credentials: true },
  maintenance: { allow: [VISITOR] },
  webhook: {
    kind: "hmac",
    secrets: [SECRET],
    hmac: { header: "X-Signature", algorithm: "sha256", encoding: "hex", prefix: "" },
  },
  credentials: [{ name: "X-Token", value: "abc" }],
  securityHeaders: true,
  headers: {
    request: { set: { "X-Set": "{method} {host}" }, remove: ["x-removed"] },
    response: { set: { "X-Set": "of the gateway" }, remove: ["x-removed"] },
  },
  serverTiming: { addresses: [VISITOR], hasOrigin: true },
  transform: {
    request: { replace: [{ find: "one", replace: "three", isRegex: false }], add: {}, remove: [] },
    response: { replace: [{ find: "two", replace: "seven", isRegex: false }], add: {}, remove: [] },
  },
  compression: { levels: { zstd: 1, br: 1, gzip: 1 }, threshold: 20, types: ["text/*"] },
} as const satisfies StepOptions;
const NAMES = Object.keys(STEPS) as (keyof typeof STEPS)[];

/** The visitor is refused by this one of the steps above. */
const REFUSING = {
  addresses: { deny: ["192.0.2.0/24"] },
  maintenance: {},
  webhook: { ...STEPS.webhook, secrets: ["another"] },
} as const satisfies StepOptions;

const REFUSALS = { addresses: 403, maintenance: 503, webhook: 401 };
const CODES = {
  addresses: "PN_ACCESS_ADDRESS",
  maintenance: "PN_ROUTE_MAINTENANCE",
  webhook: "PN_ACCESS_SIGNATURE",
};

interface Composition {
  readonly names: readonly (keyof typeof STEPS)[];
  readonly refusing: keyof typeof REFUSING | undefined;
  readonly method: string;
  readonly body: string;
  readonly accept: string;
  readonly fields: readonly string[];
  readonly status: number;
  readonly answer: string;
  readonly type: string;
  readonly framing: "length" | "chunks" | "close";
  readonly requestFraming: "length" | "chunks";
  readonly cuts: readonly number[];
  readonly isSlow: boolean;
}

/** Text in which rules find something, also where it is cut. */
const text = fc
  .array(fc.constantFrom("one", "two", "o", "tw", " ", "é", "0123456789".repeat(3), "x".repeat(5_000)), {
    maxLength: 12,
  })
  .map((parts) => Buffer.from(parts.join("")).toString("latin1"));

const composition: fc.Arbitrary<Composition> = fc.record({
  names: fc.subarray(NAMES),
  refusing: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    fc.constantFrom(...(Object.keys(REFUSING) as (keyof typeof REFUSING)[])),
  ),
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT"),
  body: text,
  accept: fc.constantFrom("gzip", "br", "zstd", "gzip;q=0, identity", "*"),
  fields: fc.subarray(["Accept: text/html", "Origin: https://app.example", "X-Removed: 1", "X-Set: of the visitor"]),
  status: fc.constantFrom(200, 200, 200, 201, 206, 204, 304, 404, 500),
  answer: text,
  type: fc.constantFrom("text/plain", "text/html", "image/png"),
  framing: fc.constantFrom("length", "chunks", "close"),
  requestFraming: fc.constantFrom("length", "chunks"),
  cuts: fc.array(fc.nat(120_000), { maxLength: 4 }),
  isSlow: fc.boolean(),
});

/** The last coder of request bodies: passes them on, and notes what it is given when it should get nothing. */
class Watch implements BodyCoder {
  readonly isWhole = false;
  #sink: CodedSink | undefined;
  #isClosed = false;
  received = 0;
  late = 0;

  begin(sink: CodedSink): void {
    this.#sink = sink;
  }

  write(piece: Buffer): void {
    if (this.#isClosed) this.late += piece.length;
    this.received += piece.length;
    this.#sink?.onCoded(piece);
    this.#sink?.onTaken(piece.length);
  }

  end(): void {
    this.#sink?.onCodedEnd();
  }

  close(): void {
    this.#isClosed = true;
  }
}

const hasNoBody = ({ status }: Pick<Composition, "status">): boolean => status === 204 || status === 304;
const sends = ({ method }: Composition): boolean => method === "POST" || method === "PUT";

/** What the visitor sends, without the head of the next request. */
function requestOf(given: Composition): string {
  const body = sends(given) ? given.body : "";
  const signature = createHmac("sha256", SECRET).update(Buffer.from(body, "latin1")).digest("hex");
  const lines = [`Accept-Encoding: ${given.accept}`, `X-Signature: ${signature}`, "Content-Type: text/plain"];
  const head = [`${given.method} /a HTTP/1.1`, "Host: a.test", ...lines, ...given.fields];
  if (!sends(given)) return [...head, "", ""].join("\r\n");
  if (given.requestFraming === "length") return [...head, `Content-Length: ${body.length}`, "", body].join("\r\n");
  const chunks = body === "" ? "" : chunk(body);
  return [...head, "Transfer-Encoding: chunked", "", `${chunks}0\r\n\r\n`].join("\r\n");
}

/** What the target sends. */
function responseOf(given: Composition): string {
  const { status, type, answer, framing, method } = given;
  const head = [
    `HTTP/1.1 ${status} Some`,
    `Content-Type: ${type}`,
    'ETag: "v1"',
    "X-Removed: 1",
    "X-Set: of the target",
  ];
  if (status === 206) head.push(`Content-Range: bytes 0-${Math.max(0, answer.length - 1)}/1000000`);
  if (hasNoBody(given)) return [...head, "", ""].join("\r\n");
  if (framing === "length") head.push(`Content-Length: ${answer.length}`);
  if (framing === "chunks") head.push("Transfer-Encoding: chunked");
  if (framing === "close") head.push("Connection: close");
  const body = framing === "chunks" ? `${answer === "" ? "" : chunk(answer)}0\r\n\r\n` : answer;
  return [...head, "", method === "HEAD" ? "" : body].join("\r\n");
}

interface Expected {
  readonly status: number;
  /** Decoded; undefined: a page of the gateway. */
  readonly body: string | undefined;
  /** What the target gets; undefined: no request. */
  readonly forwarded: string | undefined;
}

/** The plain twin of all steps. */
function expectedOf(given: Composition): Expected {
  const { names, refusing, answer, type, fields } = given;
  const isRefused = refusing !== undefined && names.includes(refusing);
  const isTransformed = names.includes("transform");
  const status = isRefused ? REFUSALS[refusing] : given.status;
  const sent = sends(given) ? given.body : "";
  const forwarded = isRefused ? undefined : isTransformed ? sent.replaceAll("one", "three") : sent;
  const hasPage = names.includes("errorPages") && fields.includes("Accept: text/html") && status >= 400;
  if (given.method === "HEAD" || hasNoBody({ status })) return { status, forwarded, body: "" };
  if (hasPage) return { status, forwarded, body: `<p>${status} ${isRefused ? CODES[refusing] : ""}</p>` };
  if (isRefused) return { status, forwarded, body: undefined };
  const isText = type.startsWith("text/") && status !== 206;
  return { status, forwarded, body: isTransformed && isText ? answer.replaceAll("two", "seven") : answer };
}

/** `text`, cut at these positions. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((one, other) => one - other);
  return ends.map((end, n) => text.slice(n === 0 ? 0 : ends[n - 1], end)).filter((piece) => piece !== "");
}

/** The visit of a composition. */
class Composed {
  readonly visit = new Visit();
  readonly watch = new Watch();
  readonly #given: Composition;
  readonly #steps: Steps | undefined;
  #got = "";

  constructor(given: Composition) {
    this.#given = given;
    const { names, refusing, isSlow } = given;
    const chosen = names.map((name) => [name, name === refusing ? REFUSING[name] : STEPS[name]] as const);
    this.#steps = routeSteps(Object.fromEntries(chosen));
    const watching = new QuickStep((request) => {
      request.changeBody(() => this.watch);
      return undefined;
    });
    this.visit.upstream.route.steps = Steps.both(this.#steps, stepsOf(watching))!;
    this.visit.connection.takes = !isSlow;
  }

  /** The response so far. */
  get received(): Received {
    return read(this.#got, this.#given.method);
  }

  /** What the target has got so far. */
  get forwarded(): Received | undefined {
    const { stream } = this.visit.upstream as { stream?: { text: string } };
    return stream && read(stream.text, "POST");
  }

  async send(text: string): Promise<void> {
    for (const piece of pieces(text, this.#given.cuts)) {
      this.visit.connection.arrive(Buffer.from(piece, "latin1"));
      await new Promise(setImmediate);
    }
  }

  async respond(text: string): Promise<void> {
    for (const piece of pieces(text, this.#given.cuts)) {
      this.visit.upstream.stream.arrive(Buffer.from(piece, "latin1"));
      await new Promise(setImmediate);
    }
    if (this.#given.framing === "close" && !hasNoBody(this.#given)) this.visit.upstream.stream.finish();
  }

  /** The visitor reads until `isSo`. */
  async until(isSo: () => boolean): Promise<void> {
    const { connection } = this.visit;
    await eventually(() => {
      connection.pump();
      if (!connection.takes) connection.drain(Math.min(connection.unsent, 1_500));
      this.#got += connection.take();
      return isSo();
    });
  }

  /** The visitor's next request is served, if its connection is still open: nothing is left of the one before. */
  async next(): Promise<void> {
    const { upstream, connection } = this.visit;
    if (connection.state !== "open" || connection.isDestroyed) return;
    expect(connection.isPaused).toBe(false);
    this.#got = "";
    await this.send(requestOf({ ...this.#given, method: "PUT", body: "next" }));
    await this.until(() => upstream.finished.length > 1 || this.forwarded?.isComplete === true);
    if (upstream.finished.length === 1) upstream.stream.arrive(Buffer.from("HTTP/1.1 204 No Content\r\n\r\n"));
    await this.until(() => upstream.finished.length > 1);
    expect(upstream.finished[1]!.status).toBe(expectedOf({ ...this.#given, status: 204 }).status);
  }

  close(): void {
    this.#steps?.close();
  }
}

/** Runs a request of a composition, and checks what holds for each. Returns the response. */
async function exchange(given: Composition): Promise<Received> {
  const composed = new Composed(given);
  const { visit, watch } = composed;
  const { upstream, connection } = visit;
  const { status, body, forwarded } = expectedOf(given);

  await composed.send(requestOf(given));
  await composed.until(() => upstream.finished.length > 0 || composed.forwarded?.isComplete === true);
  expect(composed.forwarded?.body.toString("latin1")).toBe(forwarded);
  if (forwarded !== undefined) await composed.respond(responseOf(given));
  await composed.until(() => upstream.finished.length > 0 && connection.unsent === 0);

  const { received } = composed;
  expect(received).toMatchObject({ status, isComplete: true });
  if (body !== undefined) expect(received.body.length === 0 ? "" : decoded(received)).toBe(body);
  // No step gets bytes of a request that another one has refused, or after its end.
  expect([watch.late, forwarded === undefined ? watch.received : 0]).toEqual([0, 0]);
  if (upstream.streams.length > 0 && upstream.stream.state !== "reset")
    expect(upstream.stream.credited).toBe(upstream.stream.received);
  await composed.next();
  composed.close();
  return received;
}

/** Fields that differ between two responses, and those that only a response with a body can know. */
const VOLATILE = ["date", "x-id", "x-request-id", "server-timing", "content-length", "transfer-encoding", "connection"];

function stable({ status, fields }: Received): unknown {
  return { status, fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !VOLATILE.includes(name))) };
}

test("any request passes any steps as it passes their plain twins, and the next one finds nothing left of it", async () => {
  await fc.assert(
    fc.asyncProperty(composition, async (given) => void (await exchange(given))),
    { numRuns: 150 },
  );
});

test("whatever the steps are, a response to HEAD has the fields of that to GET", async () => {
  await fc.assert(
    fc.asyncProperty(composition, async (given) => {
      const [get, head] = [await exchange({ ...given, method: "GET" }), await exchange({ ...given, method: "HEAD" })];
      expect(stable(head)).toEqual(stable(get));
    }),
    { numRuns: 60 },
  );
});
