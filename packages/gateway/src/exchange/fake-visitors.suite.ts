import type { ByteStream, ByteStreamHandler, ConnectionHandler, ResetReason } from "@postern/net";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import type { ChunkForm, ForwardOptions, Refusal, Reply, Request, ResponseHead } from "../http/index.js";
import { deliver, MemoryConnection } from "../memory-relay.suite.js";
import type { Route, UpstreamRoute } from "../route.js";
import type { AttemptOutcome } from "../upstream/attempt.js";
import { Pool } from "../upstream/pool.js";
import { Target } from "../upstream/target.js";
import type { Upstream } from "../upstream/upstream.js";
import { Exchange } from "./exchange.js";
import { ExchangeContext } from "./exchange-context.js";
import type { FinalHead, ResponseWriter, VisitorContext, VisitorSide } from "./visitor-side.js";

/** A stream to an origin that counts credit. */
export class OriginStream implements ByteStream {
  handler!: ByteStreamHandler;
  readonly unsent = 0;
  /** The bytes that the origin received. */
  text = "";
  received = 0;
  credited = 0;
  state: "open" | "ended" | "reset" = "open";
  /** Whether the origin accepts bytes, but asks to wait before more are sent. */
  isFull = false;

  write(chunk: Buffer): boolean {
    if (this.state === "open") this.text += chunk.toString("latin1");
    return !this.isFull;
  }
  end(): void {
    if (this.state === "open") this.state = "ended";
  }
  reset(): void {
    this.state = "reset";
  }
  resetAfterFlush(): void {
    this.reset();
  }
  consumed(bytes: number): void {
    this.credited += bytes;
    if (this.credited > this.received) throw new RangeError("more credit was returned than bytes arrived");
  }

  /** The origin sends `bytes`. After a reset they do not arrive. */
  arrive(bytes: Buffer): void {
    if (this.state === "reset") return;
    this.received += bytes.length;
    deliver(bytes, (chunk) => this.handler.onData(chunk));
  }
  finish(): void {
    if (this.state !== "reset") this.handler.onEnd();
  }
  /** The target of the stream may be cut off. */
  suspect(): void {
    if (this.state !== "reset") this.handler.onSuspect?.();
  }
  break(reason: ResetReason): void {
    if (this.state === "reset") return;
    this.state = "reset";
    this.handler.onReset(reason);
  }
}

/** An upstream in memory, the route to it, and the events of the route. */
export class FakeUpstream implements Upstream {
  unavailable: Upstream["unavailable"] = undefined;
  suspect = false;
  down = false;
  declare readonly name?: string;
  declare readonly authority?: string;
  declare readonly basePath?: string;
  readonly streams: OriginStream[] = [];
  readonly target = new Target(this);
  readonly attempts: (string | number)[] = [];
  readonly finished: { status: number; bytesIn: number; bytesOut: number }[] = [];
  /** How each exchange ended, with the code of its error and the flaw of its response where there is one. */
  readonly ends: string[] = [];
  readonly route: UpstreamRoute = {
    kind: "upstream",
    pool: new Pool([this.target]),
    hostHeader: undefined,
    onAttempt: (outcome: AttemptOutcome, status: number) => this.attempts.push(outcome, status),
    onFinished: ({ status, bytesIn, bytesOut, ended, code, flaw }) => {
      this.finished.push({ status, bytesIn, bytesOut });
      this.ends.push([ended, code, flaw].filter((part) => part !== undefined).join(" "));
    },
  };

  /** @param address that of a target that is no tunnel */
  constructor(address: { authority?: string; basePath?: string } = {}) {
    Object.assign(this, address, address.authority === undefined ? {} : { name: address.authority });
  }

  dial(): ByteStream {
    const stream = new OriginStream();
    this.streams.push(stream);
    return stream;
  }

  get stream(): OriginStream {
    return this.streams.at(-1) as OriginStream;
  }
}

/** A request in a protocol with structured heads, such as HTTP/2. */
export class StructuredRequest implements Request {
  readonly path = "/";
  readonly host = "a";
  readonly versionMinor = 1;
  readonly contentLength: number;
  readonly chunked: boolean;
  readonly upgrade: string;
  readonly method: string;

  constructor(method: string, { length = -1, chunked = false, upgrade = "" } = {}) {
    this.method = method;
    this.contentLength = length;
    this.chunked = chunked;
    this.upgrade = upgrade;
  }

  get line(): string {
    return `${this.method} / HTTP/1.1`;
  }

  fieldValue(): string {
    return "";
  }

  repeatedValue(): string {
    return "";
  }

  write(lines: string, requestId: string, options?: ForwardOptions): Buffer {
    const framing = this.chunked
      ? "Transfer-Encoding: chunked\r\n"
      : this.contentLength < 0
        ? ""
        : `Content-Length: ${this.contentLength}\r\n`;
    const upgrade = this.upgrade === "" ? "" : `Connection: Upgrade\r\nUpgrade: ${this.upgrade}\r\n`;
    const host = options?.hostHeader ?? "a";
    return Buffer.from(
      `${this.method} ${options?.path ?? this.path} HTTP/1.1\r\nHost: ${host}\r\n${framing}${lines}X-Request-Id: ${requestId}\r\n${upgrade}\r\n`,
    );
  }
}

/**
 * A visitor as in HTTP/2: heads and trailers are lists of fields, bodies are data, and it has its own flow-control
 * window.
 */
export class StructuredVisitor implements VisitorSide, ResponseWriter {
  readonly response = this;
  readonly clock: FakeClock;
  readonly context: VisitorContext;
  readonly connection = new MemoryConnection();
  readonly exchange: Exchange;
  readonly upstream: FakeUpstream;
  bodyBytes = 0;
  /** Bytes that can be sent at once. The rest waits for `open`. */
  window: number;
  interim: number[] = [];
  status = 0;
  fields: Record<string, string> = {};
  body = "";
  trailers = "";
  events: string[] = [];
  /** The responses of the gateway itself. */
  pages: (Refusal | Reply)[] = [];
  /** The route of a second attempt. Default: that of the first. */
  next: Route | undefined;
  #waiting = 0;

  constructor(upstream: FakeUpstream, request: Request, window = Infinity, clock = new FakeClock()) {
    this.clock = clock;
    this.context = {
      address: "192.0.2.1",
      principal: undefined,
      traceId: "",
      isSecure: false,
      finished: (request, route) => route?.onFinished?.(request),
      exchanges: new ExchangeContext({ clock }),
      requestId: () => "r1",
      forwardedLines: () => "",
      route: () => this.next ?? this.upstream.route,
    };
    this.upstream = upstream;
    this.window = window;
    this.exchange = new Exchange(this, request);
    this.exchange.begin(upstream.route, "data");
  }

  /** Enlarges the window by `bytes`. */
  open(bytes: number): void {
    this.window += bytes;
    this.#send();
  }

  #send(): void {
    const bytes = Math.min(this.window, this.#waiting);
    if (bytes === 0) return;
    this.window -= bytes;
    this.#waiting -= bytes;
    this.exchange.consumed(bytes);
  }

  upload(text: string): void {
    this.bodyBytes += text.length;
    deliver(Buffer.from(text), (chunk) => this.exchange.body(chunk));
  }

  onInterim(head: ResponseHead): void {
    this.interim.push(head.status);
  }
  onResponse(head: FinalHead): ChunkForm {
    this.status = head.status;
    head.eachField((name, value) => (this.fields[name] = value));
    return "data";
  }
  onBody(chunk: Buffer): void {
    this.body += chunk.toString("latin1");
    this.#waiting += chunk.length;
    this.#send();
  }
  onTrailers(lines: Buffer): void {
    this.trailers += lines.toString("latin1");
  }
  onEnd(): void {
    this.events.push("end");
  }
  /** Heads are sent at once. */
  retract(): boolean {
    return false;
  }
  onFlush(): void {}
  onBodyDrain(): void {}
  onUnsent(): void {}
  onSwitched(relay: ConnectionHandler): void {
    this.events.push("switched");
    this.connection.handler = relay;
    this.#waiting = 0;
  }
  onDone(): void {
    this.events.push("done");
  }
  onOwnResponse(page: Refusal | Reply): void {
    this.pages.push(page);
    this.events.push("code" in page ? `refused ${page.code}` : `replied ${page.status}`);
  }
  onFault(error: unknown): void {
    throw error;
  }
  onBroken(): void {
    this.events.push("broken");
    if (this.connection.state === "open") this.connection.reset();
    if (this.events.includes("switched")) this.connection.pump();
  }
}
