import type { Connection } from "@postern/net";
import type { FinalHead, ResponseEdits, ResponseWriter } from "../exchange/visitor-side.js";
import {
  ownResponseParts,
  type ChunkForm,
  type Notice,
  type Refusal,
  type Reply,
  type RequestHead,
  type ResponseHead,
  type ResponseOptions,
} from "../http/index.js";

/** The parts of a visitor that its response writer uses. */
export interface ResponseWriterOwner {
  /** Whether the connection closes after the current request. */
  readonly closesAfterRequest: boolean;
  readonly context: {
    /** The lines that steps add to the response. */
    responseLines(): string;
    /** The names, in lower case, of the fields of the response that steps remove. */
    readonly removedResponseNames: readonly string[];
    /** The page to show in place of one of the gateway. */
    shown(page: Refusal | Notice | Reply): Refusal | Notice | Reply;
  };
  /** Called when `bytes` of the body have been sent. */
  onSent(bytes: number): void;
  /** Called when bytes have been written that wait until the visitor reads. */
  onUnsent(): void;
}

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** Writes responses to a connection that speaks HTTP/1.1 or 1.0. */
export class Http1ResponseWriter implements ResponseWriter {
  /** Whether the connection closes after this response. */
  isLast = false;
  readonly #connection: Connection;
  readonly #request: RequestHead;
  readonly #owner: ResponseWriterOwner;
  /** The head, while it waits for the first bytes of its body. */
  #pendingHead: FinalHead | undefined;
  /** Those of the current response. */
  readonly #options: ResponseOptions = { visitorMinor: 1, close: false, lines: "" };
  /** Bytes of the body that have not been reported as sent. */
  #uncredited = 0;

  constructor(connection: Connection, request: RequestHead, owner: ResponseWriterOwner) {
    this.#connection = connection;
    this.#request = request;
    this.#owner = owner;
  }

  /** HTTP/1.0 has no interim responses. */
  onInterim(head: ResponseHead): void {
    if (this.#request.versionMinor === 1) this.#connection.write(head.write({ visitorMinor: 1, close: false }));
  }

  /** The visitor may send the body that it announced. */
  writeContinue(): void {
    this.#connection.write(CONTINUE);
  }

  onResponse(head: FinalHead, { lines }: ResponseEdits): ChunkForm {
    const { versionMinor } = this.#request;
    const options = this.#options;
    options.visitorMinor = versionMinor;
    options.close = this.#owner.closesAfterRequest;
    const { context } = this.#owner;
    const own = context.responseLines();
    options.lines = own === "" ? lines : lines + own;
    const names = context.removedResponseNames;
    this.#pendingHead = names.length === 0 ? head : head.without(names);
    this.isLast = head.closes(options);
    return versionMinor === 1 ? "chunks" : "data";
  }

  onBody(chunk: Buffer): void {
    const head = this.#pendingHead;
    this.#uncredited += chunk.length;
    if (head === undefined) this.#connection.write(chunk);
    else {
      this.#pendingHead = undefined;
      if (chunk.length > head.mostJoined) this.#connection.writeBoth(head.write(this.#options), chunk);
      else this.#connection.write(head.write(this.#options, chunk));
    }
    this.credit();
  }

  /** HTTP/1.0 has no trailers; in HTTP/1.1 they are part of the chunked body. */
  onTrailers(_lines: Buffer): void {}

  onEnd(): void {
    this.onFlush();
  }

  retract(): boolean {
    const isUnsent = this.#pendingHead !== undefined;
    this.#pendingHead = undefined;
    return isUnsent;
  }

  onFlush(): void {
    const head = this.#pendingHead;
    if (head === undefined) return;
    this.#pendingHead = undefined;
    this.#connection.write(head.write(this.#options));
  }

  /**
   * Writes a response of the gateway itself.
   * @param location its Location field
   * @returns the bytes of its body
   */
  writeOwn(page: Refusal | Notice | Reply, close: boolean, requestId: string, location: string | undefined): number {
    const { accept, versionMinor: visitorMinor, method } = this.#request;
    const { context } = this.#owner;
    const [lines, without] = [context.responseLines(), context.removedResponseNames];
    const request = { accept, requestId, close, visitorMinor, headOnly: method === "HEAD", now: new Date() };
    const own = { ...request, lines, without, ...(location !== undefined && { location }) };
    const { head, body } = ownResponseParts(context.shown(page), own);
    this.#connection.write(body.length === 0 ? head : Buffer.concat([head, body]));
    return body.length;
  }

  /** Reports the bytes that have been sent. Call it when the connection has drained. */
  credit(): void {
    if (this.#uncredited === 0) return;
    const { unsent } = this.#connection;
    if (unsent > 0) this.#owner.onUnsent();
    const sent = this.#uncredited - Math.min(this.#uncredited, unsent);
    if (sent === 0) return;
    this.#uncredited -= sent;
    this.onSent(sent);
  }

  /** `bytes` of what was passed to `onBody` have been sent. */
  protected onSent(bytes: number): void {
    this.#owner.onSent(bytes);
  }

  /** The response was aborted, or a relay counts the bytes from now on. */
  abandon(): void {
    this.#pendingHead = undefined;
    this.#uncredited = 0;
  }
}
