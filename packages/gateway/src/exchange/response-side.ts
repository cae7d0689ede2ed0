import { ByteStore } from "@postern/net";
import { refusals, worthReading } from "../http/index.js";
import type { BodySink, ChunkForm, Refusal, Request, ResponseHead } from "../http/index.js";
import { RepairedBody, type ResponseRepair } from "../repair/index.js";
import type { ExchangeContext } from "./exchange-context.js";

const NO_REPAIRS: ReadonlySet<ResponseRepair> = new Set();
const NOTHING = Buffer.alloc(0);

/** Receives a response as it is read. */
export interface ResponseSink extends BodySink {
  onInterimHead(head: ResponseHead): void;
  /** The final head has been read. @returns the form in which a chunked body is passed on. */
  onFinalHead(head: ResponseHead): ChunkForm;
}

/**
 * Reads one response from the upstream: strictly, and repaired only where the strict reader refuses it. Reused.
 *
 *     head ──1xx──► head ──final head──► body ──its end──► end
 *       └────101──► switched
 */
export class ResponseSide {
  state: "head" | "body" | "end" | "switched" = "end";
  /** Whether the origin keeps its connection open for another request. */
  keepsAlive = false;
  /** The origin's idle timeout in seconds; -1 when unknown. */
  idleTimeout = -1;
  /** Why `read` returned -1, for the log. */
  flaw: Refusal | undefined;
  /** Since when a head has been incomplete, in milliseconds; Infinity: no head is. */
  headSince = Infinity;
  readonly #context: ExchangeContext;
  readonly #head: ResponseHead;
  readonly #body: RepairedBody;
  #form: ChunkForm = "chunks";
  /** The bytes of an incomplete head. */
  #partialHead: ByteStore | undefined;
  #interim = 0;
  /** Whether a flaw of the HTTP itself was repaired. The origin's connection is then not used again. */
  #isFlawed = false;
  #repairs: Set<ResponseRepair> | undefined;

  constructor(context: ExchangeContext) {
    this.#context = context;
    this.#head = context.responseHead;
    this.#body = new RepairedBody((repair) => this.#addRepair(repair), context.limits.headSize);
  }

  begin(): void {
    this.#body.begin("none", 0, "chunks");
    this.#interim = 0;
    this.restart();
  }

  /** The request is sent again. */
  restart(): void {
    this.state = "head";
    this.keepsAlive = false;
    this.finish();
    this.#isFlawed = false;
    this.#repairs = undefined;
  }

  finish(): void {
    this.#partialHead = undefined;
    this.headSince = Infinity;
  }

  /** Content bytes of the body so far. */
  get bytes(): number {
    return this.#body.bytes;
  }

  /** What was repaired so far. */
  get repairs(): ReadonlySet<ResponseRepair> {
    return this.#repairs ?? NO_REPAIRS;
  }

  /** Trailers of a body that is passed on as data. In the form `chunks` the body contained them. */
  get trailers(): Buffer {
    return this.#form === "data" ? this.#body.trailers : NOTHING;
  }

  /** Whether the end of the stream is the end of the body. */
  get endsWithStream(): boolean {
    return this.state === "body" && this.#body.framing === "close";
  }

  /**
   * Reads the next piece.
   * @returns the position after the response's bytes; -1 when the response is not valid HTTP.
   */
  read(piece: Buffer, request: Request, sink: ResponseSink): number {
    if (this.state === "head") return this.#readHead(piece, request, sink);
    return this.#readBody(piece, 0, sink);
  }

  #readHead(piece: Buffer, { method, upgrade }: Request, sink: ResponseSink): number {
    const { limits, sharedDomain } = this.#context;
    const head = this.#head;
    const partial = this.#partialHead;
    partial?.add(piece);
    const chunk = partial?.bytes ?? piece;
    if (partial !== undefined && !worthReading(piece, chunk.length, limits.headSize.bytes)) return piece.length;
    let at = 0;
    for (;;) {
      const rest = at === 0 ? chunk : chunk.subarray(at);
      let length = head.read(rest, 0, rest.length, method, upgrade);
      if (length < 0) length = this.#readRepaired(rest, method, upgrade);
      if (length < 0) return -1;
      if (length === 0) {
        if (rest.length > 0 && (partial === undefined || at > 0)) this.#holdHead(rest);
        return piece.length;
      }
      this.finish();
      at += length;
      if (sharedDomain !== undefined && head.dropCookies(sharedDomain)) this.#note("shared_cookie");
      if (head.status >= 200 || head.status === 101) break;
      if (++this.#interim > limits.interim) return this.#refuse(refusals.PN_HTTP_HEAD_TOO_LARGE);
      sink.onInterimHead(head);
    }
    const end = this.#begin(chunk, at, sink);
    // `end` is a position in `chunk`; the caller needs the position in `piece`.
    return end < 0 ? -1 : end - (chunk.length - piece.length);
  }

  #holdHead(bytes: Buffer): void {
    this.#partialHead = new ByteStore(bytes);
    if (this.headSince === Infinity) this.headSince = this.#context.clock.now();
  }

  /** Repairs the head that the strict reader refuses, and lets it read the result. */
  #readRepaired(bytes: Buffer, method: string, upgrade: string): number {
    const { headRepair } = this.#context;
    const length = headRepair.read(bytes, this.#head.flaw);
    if (length < 0) return this.#refuse(headRepair.flaw);
    if (length === 0) return 0;
    const { head, repairs } = headRepair;
    if (this.#head.read(head, 0, head.length, method, upgrade) < 0) return this.#refuse(this.#head.flaw);
    for (const repair of repairs) this.#addRepair(repair);
    return length;
  }

  #addRepair(repair: ResponseRepair): void {
    this.#isFlawed = true;
    this.keepsAlive = false;
    this.#note(repair);
  }

  #note(repair: ResponseRepair): void {
    (this.#repairs ??= new Set()).add(repair);
  }

  /** The final head has been read, and ends at `at` in `chunk`. */
  #begin(chunk: Buffer, at: number, sink: ResponseSink): number {
    this.keepsAlive = this.#head.keepAlive && !this.#isFlawed;
    this.idleTimeout = this.#head.keepAliveTimeout;
    if (this.#head.status === 101) {
      this.state = "switched";
      sink.onFinalHead(this.#head);
      return at;
    }
    this.state = "body";
    const { body, contentLength } = this.#head;
    this.#form = sink.onFinalHead(this.#head);
    this.#body.begin(body, contentLength, this.#form);
    return this.#readBody(chunk, at, sink);
  }

  #readBody(chunk: Buffer, at: number, sink: BodySink): number {
    const end = this.#body.read(chunk, at, sink);
    if (end < 0) return this.#refuse(this.#body.refusal);
    if (this.#body.done) this.state = "end";
    return end;
  }

  #refuse(flaw: Refusal | undefined): -1 {
    this.flaw = flaw;
    return -1;
  }
}
