import type { Connection } from "@postern/net";
import type { FinalHead, ResponseEdits } from "../exchange/visitor-side.js";
import type { ChunkForm, Refusal, RequestHead } from "../http/index.js";
import { Http1ResponseWriter, type ResponseWriterOwner } from "./http1-response-writer.js";
import { CoderChain } from "../filters/coder-chain.js";
import { EditedHead } from "../filters/edited-head.js";
import { FilteredBody, type CodedBodyWriter } from "../filters/filtered-body.js";
import type { BodyCoder, ResponseFilter } from "../filters/response-filter.js";

const NOTHING = Buffer.alloc(0);

/** The parts of a visitor that its writer uses. */
export interface FilteringWriterOwner extends ResponseWriterOwner {
  readonly context: ResponseWriterOwner["context"] & {
    /** The filters of the response to the current request, in the order in which it passes them. */
    readonly filters: readonly ResponseFilter[];
  };
  readonly exchange: { fail(refusal: Refusal): void } | undefined;
  /** There was an error in the gateway. */
  onFault(error: unknown): void;
}

/** Writes responses to a connection that speaks HTTP/1, through the filters of their requests. */
export class FilteringWriter extends Http1ResponseWriter {
  readonly #owner: FilteringWriterOwner;
  readonly #request: RequestHead;
  #body: FilteredBody | undefined;
  #trailers: Buffer = NOTHING;

  constructor(connection: Connection, request: RequestHead, owner: FilteringWriterOwner) {
    super(connection, request, owner);
    this.#owner = owner;
    this.#request = request;
  }

  override onResponse(head: FinalHead, edits: ResponseEdits): ChunkForm {
    this.#drop();
    const { filters } = this.#owner.context;
    if (filters.length === 0 || head.status === 101) return super.onResponse(head, edits);
    const edited = new EditedHead(head, this.#request.method);
    const coders: BodyCoder[] = [];
    const { contentLength: length } = edited;
    for (const filter of filters) {
      const coder = filter.begin(edited);
      if (coder === undefined) continue;
      coders.push(coder);
      edited.contentLength = -1;
    }
    // The fields that steps set are added later, in place of those of filters, too.
    edited.without(this.#owner.context.removedResponseNames);
    if (coders.length === 0) {
      const passed = edited.on(head, edits);
      return super.onResponse(passed.head, passed.edits);
    }
    const coder = coders.length === 1 ? coders[0]! : new CoderChain(coders);
    const body = new FilteredBody({ head: edited, edits, coder, length }, this.#coded(), {
      onSent: (bytes) => {
        if (body.isOver) this.#body = undefined;
        this.#owner.onSent(bytes);
      },
      onFault: (error) => this.#owner.onFault(error),
      onFailed: (refusal) => setImmediate(() => this.#body === body && this.#owner.exchange?.fail(refusal)),
    });
    this.#body = body;
    return "data";
  }

  override onBody(chunk: Buffer): void {
    if (this.#body === undefined) super.onBody(chunk);
    else this.#body.write(chunk);
  }

  override onTrailers(lines: Buffer): void {
    if (this.#body === undefined) super.onTrailers(lines);
    else this.#trailers = Buffer.from(lines);
  }

  override onEnd(): void {
    if (this.#body === undefined) return super.onEnd();
    const trailers = this.#trailers;
    this.#trailers = NOTHING;
    this.#body.end(trailers);
  }

  override onFlush(): void {
    if (this.#body === undefined) super.onFlush();
    else this.#body.flush();
  }

  override retract(): boolean {
    const body = this.#body;
    this.#drop();
    if (body === undefined || body.isBegun) return super.retract();
    return true;
  }

  override abandon(): void {
    this.#drop();
    super.abandon();
  }

  protected override onSent(bytes: number): void {
    if (this.#body === undefined) super.onSent(bytes);
    else this.#body.sent(bytes);
  }

  #drop(): void {
    this.#body?.close();
    this.#body = undefined;
    this.#trailers = NOTHING;
  }

  /** Writes what has passed the filters. */
  #coded(): CodedBodyWriter {
    return {
      onResponse: (head, edits) => super.onResponse(head, edits),
      onBody: (chunk) => super.onBody(chunk),
      onTrailers: (lines) => super.onTrailers(lines),
      // Without a body, the head has not been written.
      onEnd: () => super.onFlush(),
      onFlush: () => super.onFlush(),
    };
  }
}
