import { DATE } from "../exchange/date-line.js";
import { RequestFacts } from "../exchange/request-facts.js";
import type { VisitorExchange } from "../exchange/visitor-exchange.js";
import type { FinalHead, VisitorSide } from "../exchange/visitor-side.js";
import { refusals, type FileRequest, type Refusal, type Reply } from "../http/index.js";
import type { FilesRoute } from "../route.js";
import { acceptsHtml } from "./accepts-html.js";
import { FileBody, type FileBodySink } from "./file-body.js";
import { filePath } from "./file-path.js";
import type { Found } from "./file-root.js";
import type { Representation } from "./representation.js";

const METHODS = "GET, HEAD, OPTIONS";
const ALLOWED: Reply = { status: 204, text: "", fields: { Allow: METHODS } };
const METHOD_REFUSED: Refusal = { ...refusals.PN_ROUTE_METHOD, fields: { Allow: METHODS } };
/** Content bytes of a request that are read and dropped so that its connection can be used again. */
const MOST_DROPPED = 64 * 1024;

/**
 * Responds to one request with a file. A file in memory is sent within the call of `begin`. Reused for request after
 * request.
 *
 *     over ──► dropping the request's body ──► finding ──► sending ──whole file written──► delivering ──► over
 */
export class FileExchange extends RequestFacts implements VisitorExchange, FileBodySink {
  declare readonly request: FileRequest;
  readonly isBodyBlocked = false;
  readonly awaitsBody = false;
  readonly headSince = Infinity;
  readonly #visitor: VisitorSide;
  readonly #body: FileBody;
  #state: "over" | "dropping" | "finding" | "sending" | "delivering" = "over";
  #route: FilesRoute | undefined;
  /** Distinguishes the current request from earlier ones, whose file may be found later. */
  #serial = 0;
  /** Bytes of the response's body that have not been sent. */
  #unsent = 0;

  constructor(visitor: VisitorSide, request: FileRequest) {
    super(request, visitor.context);
    this.#visitor = visitor;
    this.#body = new FileBody(this);
  }

  override get bytesIn(): number {
    return this.#visitor.bodyBytes;
  }

  override get bytesOut(): number {
    return this.#body.bytes;
  }

  get isActive(): boolean {
    return this.#state !== "over";
  }

  get awaitsResponse(): boolean {
    return this.#state === "dropping" || this.#state === "finding";
  }

  /** Responds to the request, whose head has been read. */
  begin(route: FilesRoute): void {
    const { request } = this;
    this.id = this.#visitor.context.requestId();
    this.status = 0;
    this.startedAt = this.#visitor.context.exchanges.clock.now();
    this.ended = "complete";
    this.code = undefined;
    this.#route = route;
    this.#serial++;
    this.#unsent = 0;
    this.#body.begin();
    this.#state = "dropping";
    const { method } = request;
    if (method === "OPTIONS") return this.#reply(ALLOWED);
    if (method !== "GET" && method !== "HEAD") return this.#refuse(METHOD_REFUSED);
    // A visitor that waits for 100 Continue gets the response instead. Then its connection closes.
    const hasBody = request.chunked || request.contentLength > 0;
    if (!hasBody || request.expectContinue || request.contentLength > MOST_DROPPED) this.#find();
  }

  body(): void {
    if (this.#state === "dropping" && this.bytesIn > MOST_DROPPED) this.#find();
  }

  bodyEnd(): void {
    if (this.#state === "dropping") this.#find();
  }

  consumed(bytes: number): void {
    this.#unsent -= Math.min(bytes, this.#unsent);
    this.#body.sent(bytes);
    this.#endIfDelivered();
  }

  abort(ended: "visitor_left" | "timeout" = "visitor_left"): void {
    if (this.#state === "over") return;
    this.ended = ended;
    this.#finish(this.status === 0 ? 499 : this.status);
  }

  fail(refusal: Refusal): void {
    if (this.awaitsResponse) this.#refuse(refusal);
    else this.#breakOff(refusal);
  }

  timeOut(): void {
    this.fail(refusals.PN_FILE_UNREADABLE);
  }

  // ---- FileBodySink

  onFileBytes(bytes: Buffer): void {
    this.#unsent += bytes.length;
    this.#visitor.response.onBody(bytes);
  }

  onFileEnd(): void {
    this.#state = "delivering";
    this.#visitor.response.onEnd();
    this.#endIfDelivered();
  }

  onFileBroken(): void {
    this.#breakOff(refusals.PN_FILE_CHANGED);
  }

  onFault(error: unknown): void {
    this.#visitor.onFault(error);
  }

  // ----

  #find(): void {
    const { root, pathEdit } = this.#route as FilesRoute;
    const target = pathEdit === undefined ? this.request.path : pathEdit.apply(this.request.path, "");
    const path = target === undefined ? undefined : filePath(target);
    if (path === undefined) return this.#refuse(refusals.PN_FILE_UNKNOWN);
    const found = root.find(path, this.startedAt);
    if (found === undefined) this.#load(path, this.#answer);
    else this.#answer(found);
  }

  /** Calls `next` with what is at `path`, unless the request is over by then. */
  #load(path: string, next: (found: Found) => void): void {
    this.#state = "finding";
    const serial = this.#serial;
    void this.#route?.root.load(path, this.startedAt).then((found) => {
      if (serial !== this.#serial || this.#state !== "finding") return;
      try {
        next(found);
      } catch (error) {
        this.onFault(error);
      }
    });
  }

  readonly #answer = (found: Found): void => {
    if (found === "folder") this.#redirect();
    else if (found === "failed") this.#refuse(refusals.PN_FILE_UNREADABLE);
    else if (found === "missing") this.#answerMissing();
    else this.#send(found, 200);
  };

  /** The page for paths without a file, where there is one. */
  #answerMissing(): void {
    const { root } = this.#route as FilesRoute;
    const isPage = root.fallback !== undefined && acceptsHtml(this.request);
    const page = isPage ? root.fallback : root.notFoundPage;
    if (page === undefined) return this.#refuse(refusals.PN_FILE_UNKNOWN);
    const status = isPage ? 200 : 404;
    const next = (found: Found): void => {
      if (typeof found === "string") this.#refuse(refusals.PN_FILE_UNKNOWN);
      else this.#send(found, status);
    };
    const found = root.find(page, this.startedAt);
    if (found === undefined) this.#load(page, next);
    else next(found);
  }

  /** Redirects from the path of a folder without its slash. */
  #redirect(): void {
    const { path } = this.request;
    const query = path.indexOf("?");
    const end = query < 0 ? path.length : query;
    // A path that begins with two slashes would name another host.
    if (/^\/[/\\]/.test(path)) return this.#refuse(refusals.PN_FILE_UNKNOWN);
    this.#reply({ status: 301, text: "" }, `${path.slice(0, end)}/${path.slice(end)}`);
  }

  #send(file: Representation, status: number): void {
    if (!file.content.use()) return this.#refuse(refusals.PN_FILE_UNREADABLE);
    this.#begin(file.whole(status));
    if (this.request.method === "HEAD") {
      file.content.release();
      this.onFileEnd();
    } else this.#body.send(file.content, 0, file.content.size);
  }

  #begin(head: FinalHead): void {
    this.#state = "sending";
    this.status = head.status;
    this.#visitor.response.onResponse(head, DATE);
  }

  #refuse(refusal: Refusal): void {
    this.ended = refusal.status === 408 ? "timeout" : "refused";
    this.code = refusal.code;
    this.#finish(refusal.status);
    this.#visitor.onOwnResponse(refusal);
  }

  #reply(reply: Reply, location?: string): void {
    this.#finish(reply.status);
    this.#visitor.onOwnResponse(reply, location);
  }

  #breakOff({ code }: Refusal): void {
    if (this.#state === "over") return;
    this.ended = "origin_reset";
    this.code = code;
    this.#finish(this.status);
    this.#visitor.onBroken();
  }

  #endIfDelivered(): void {
    if (this.#state !== "delivering" || this.#unsent > 0) return;
    this.#finish(this.status);
    this.#visitor.onDone();
  }

  #finish(status: number): void {
    this.#state = "over";
    this.status = status;
    this.endedAt = this.#visitor.context.exchanges.clock.now();
    this.#body.end();
    const route = this.#route;
    this.#route = undefined;
    route?.onFinished(this);
  }
}
