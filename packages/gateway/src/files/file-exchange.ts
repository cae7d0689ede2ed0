import { pathEnd } from "../routing/path-scan.js";
import { DATE } from "../exchange/date-line.js";
import { RequestFacts } from "../exchange/request-facts.js";
import type { FilesExchange } from "../exchange/visitor-exchange.js";
import type { FinalHead, VisitorSide } from "../exchange/visitor-side.js";
import { Field, refusals, type FileRequest, type Refusal, type Reply } from "../http/index.js";
import type { FilesRoute } from "../route.js";
import { acceptsHtml } from "./selection/accepts-html.js";
import { parseRanges, type ByteRange } from "./selection/byte-ranges.js";
import { evaluateConditions, rangeOf } from "./selection/conditions.js";
import { acceptedCodings } from "./selection/content-coding.js";
import { AwaitedResult } from "./awaited-result.js";
import { FileBody, type FileBodySink } from "./file-body.js";
import type { FileContent } from "./disk/file-content.js";
import { filePath } from "./file-path.js";
import type { FileRoot } from "./file-root.js";
import type { Found } from "./found.js";
import { multipart, type Multipart } from "./multipart.js";
import { FolderListing, type ListingPage } from "./listing/folder-listing.js";
import { LISTING_POLICY } from "./listing/listing-page.js";
import { PAGES } from "./listing/pages-in-use.js";
import type { LookUpWaiter, PathLookUp } from "./path-look-ups.js";
import { PreparedHead } from "./prepared-head.js";
import { Representation, type PageStatus, type Twins } from "./representation.js";

const METHODS = "GET, HEAD, OPTIONS";
const ALLOWED: Reply = { status: 204, text: "", fields: { Allow: METHODS } };
const METHOD_REFUSED: Refusal = { ...refusals.PN_ROUTE_METHOD, fields: { Allow: METHODS } };
/** Content bytes of a request that are read and dropped so that its connection can be used again. */
const MOST_DROPPED = 64 * 1024;
const SLASH = 0x2f;

/**
 * Responds to one request with a file. A file in memory is sent within the call of `begin`. Reused for request after
 * request.
 *
 *     over ──► dropping the request's body ──► finding ──► sending ──whole file written──► delivering ──► over
 */
export class FileExchange extends RequestFacts implements FilesExchange, FileBodySink, LookUpWaiter {
  declare readonly request: FileRequest;
  readonly isBodyBlocked = false;
  readonly awaitsBody = false;
  readonly headSince = Infinity;
  readonly #visitor: VisitorSide;
  readonly #body: FileBody;
  #state: "over" | "dropping" | "finding" | "sending" | "delivering" = "over";
  #route: FilesRoute | undefined;
  /** The path in the root. */
  #path = "";
  /** Whether the file was looked up again, because it left the cache before its response began. */
  #isSecondTry = false;
  /** The look-up that is waited for, and what is called with its result. */
  #awaited: PathLookUp | undefined;
  #next: (found: Found) => void = () => {};
  /** Something else that is waited for. */
  #result: { leave(): void } | undefined;
  /** A file that is in use while its twins are looked up. */
  #held: FileContent | undefined;
  /** The page of a listing that is being sent. */
  #table: Buffer | undefined;
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
    const { context } = this.#visitor;
    this.beginFacts(context.requestId(), context.exchanges.clock.now());
    this.#route = route;
    this.#isSecondTry = false;
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
    this.#lookUp(root, path);
  }

  #lookUp(root: FileRoot, path: string): void {
    this.#path = path;
    this.#locate(root, path, this.#answer);
  }

  /** Calls `next` with what is at a path in the root. */
  #locate(root: FileRoot, path: string, next: (found: Found) => void): void {
    const found = root.find(path, this.startedAt);
    if (found !== undefined) return next(found);
    [this.#state, this.#next] = ["finding", next];
    this.#awaited = root.lookUp(path, this);
  }

  onFound(lookUp: PathLookUp, found: Found): void {
    // The request that waited for it may be over.
    if (lookUp !== this.#awaited) return;
    this.#awaited = undefined;
    try {
      this.#next(found);
    } catch (error) {
      this.onFault(error);
    }
  }

  /** Calls `next` with a result, or refuses, unless the request is over by then. */
  #await<Result>(load: Promise<Result>, next: (result: Result) => void): void {
    this.#state = "finding";
    this.#result = new AwaitedResult(load, {
      next,
      onFailure: () => this.#refuse(refusals.PN_FILE_UNREADABLE),
      onFault: (error) => this.onFault(error),
    });
  }

  readonly #answer = (found: Found): void => {
    if (found === "folder") this.#answerFolder();
    else if (found === "failed") this.#refuse(refusals.PN_FILE_UNREADABLE);
    else if (found === "missing") this.#answerMissing();
    else if (this.#path.endsWith("/") && !endsWithSlash(this.request.path)) this.#redirect();
    else if (found instanceof FolderListing) this.#await(found.page(this.request.path), this.#sendListing);
    else this.#select(found);
  };

  /** The path in the root is that of a folder without its slash. */
  #answerFolder(): void {
    // A template may give all paths the same folder. A redirect would then lead to itself.
    if (endsWithSlash(this.request.path)) this.#lookUp((this.#route as FilesRoute).root, `${this.#path}/`);
    else this.#redirect();
  }

  readonly #sendListing = ({ title, table }: ListingPage): void => {
    const isHead = this.request.method === "HEAD";
    if (!isHead && !PAGES.use(table)) return this.#refuse(refusals.PN_FILE_UNREADABLE);
    this.#begin(listingHead(title.length + table.length));
    if (isHead) return this.onFileEnd();
    this.#table = table;
    this.#body.sendBytes([title, table]);
  };

  /** The page for paths without a file, where the visitor wants one and it exists. */
  #answerMissing(): void {
    const { root } = this.#route as FilesRoute;
    if (root.fallback === undefined || !acceptsHtml(this.request)) return this.#answerNotFound();
    this.#locate(root, root.fallback, (found) => {
      if (found instanceof Representation) this.#select(found, 200);
      else this.#answerNotFound();
    });
  }

  /** The page with status 404: that of the folder, where there is one, or that of the gateway. */
  #answerNotFound(): void {
    const { root } = this.#route as FilesRoute;
    if (root.notFoundPage === undefined) return this.#refuse(refusals.PN_FILE_UNKNOWN);
    this.#locate(root, root.notFoundPage, (found) => {
      if (found instanceof Representation) this.#select(found, 404);
      else this.#refuse(refusals.PN_FILE_UNKNOWN);
    });
  }

  /**
   * Selects the file itself, or one in a coding that the visitor accepts.
   * @param page the status, if it is the page for paths without a file
   */
  #select(file: Representation, page?: PageStatus): void {
    const accepted = file.isNegotiated
      ? acceptedCodings(this.request.fieldValues(Field.acceptEncoding, "accept-encoding"))
      : [];
    if (accepted.length === 0) return this.#respond(file, page);
    const { root } = this.#route as FilesRoute;
    const twins = root.twinsOf(file, this.startedAt);
    const choose = (found: Twins): void => {
      const twin = chosen(found, accepted);
      if (twin !== undefined) root.touch(twin);
      this.#respond(twin ?? file, page);
    };
    if (twins !== undefined) return choose(twins);
    if (this.#held === undefined && file.content.use()) this.#held = file.content;
    this.#await(root.loadTwins(file), choose);
  }

  #respond(found: Representation, page: PageStatus | undefined): void {
    const { request } = this;
    const { root } = this.#route as FilesRoute;
    const file = page === undefined ? found : found.asPage(page, root.fallback !== undefined);
    const status = page ?? 200;
    if (status === 404 || !request.isConditional) return this.#sendWhole(file, status);
    const outcome = evaluateConditions(request, file);
    if (outcome === 304) return this.#sendHead(file.notModified());
    if (outcome === 412) return this.#refuse(refusals.PN_FILE_CONDITION);
    const range = rangeOf(request, file);
    const ranges = range === undefined ? "ignored" : parseRanges(range, file.content.size);
    if (ranges === "ignored") return this.#sendWhole(file, status);
    if (ranges === "refused") return this.#refuse(unsatisfiable(file));
    if (ranges.length === 1) this.#sendPart(file, ranges[0]!);
    else this.#sendParts(file, multipart(file, ranges));
  }

  /** Redirects from the path of a folder without its slash. */
  #redirect(): void {
    const { path } = this.request;
    const end = pathEnd(path);
    // A path that begins with two slashes would name another host.
    if (/^\/[/\\]/.test(path)) return this.#refuse(refusals.PN_FILE_UNKNOWN);
    this.#reply({ status: 301, text: "" }, `${path.slice(0, end)}/${path.slice(end)}`);
  }

  #sendWhole(file: Representation, status: number): void {
    const { content } = file;
    if (this.request.method === "HEAD") return this.#sendHead(file.whole(status));
    if (!this.#use(content)) return;
    this.#begin(file.whole(status));
    this.#body.send(content, 0, content.size);
  }

  #sendPart(file: Representation, range: ByteRange): void {
    if (!this.#use(file.content)) return;
    this.#begin(file.part(range));
    this.#body.send(file.content, range.start, range.end);
  }

  #sendParts(file: Representation, { boundary, parts, length }: Multipart): void {
    if (!this.#use(file.content)) return;
    this.#begin(file.parts(boundary, length));
    this.#body.sendParts(file.content, parts);
  }

  #sendHead(head: FinalHead): void {
    this.#begin(head);
    this.onFileEnd();
  }

  /** @returns false if the file was closed meanwhile: it is looked up again, once, or the visitor has to try again */
  #use(content: FileContent): boolean {
    if (content.use()) return true;
    if (this.#isSecondTry) this.#refuse(refusals.PN_FILE_UNREADABLE);
    else {
      this.#isSecondTry = true;
      this.#find();
    }
    return false;
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
    this.#body.end(this.#unsent === 0);
    this.#awaited?.remove(this);
    this.#result?.leave();
    this.#result = undefined;
    this.#held?.release(true);
    this.#held = undefined;
    if (this.#table !== undefined) PAGES.release(this.#table);
    this.#table = undefined;
    const route = this.#route;
    this.#route = undefined;
    this.#visitor.context.finished(this, route);
  }
}

/** The first twin that the visitor accepts. @param accepted indices of twins */
function chosen(twins: Twins, accepted: readonly number[]): Representation | undefined {
  for (const index of accepted) if (twins[index] !== undefined) return twins[index];
  return undefined;
}

function unsatisfiable({ content }: Representation): Refusal {
  return { ...refusals.PN_FILE_RANGE, fields: { "Content-Range": `bytes */${content.size}` } };
}

/** Whether the path in a request target ends with a slash. */
function endsWithSlash(target: string): boolean {
  return target.charCodeAt(pathEnd(target) - 1) === SLASH;
}

function listingHead(length: number): PreparedHead {
  return new PreparedHead(200, [
    ["Content-Type", "text/html; charset=utf-8"],
    ["Content-Length", String(length)],
    ["Cache-Control", "no-cache"],
    ["Content-Security-Policy", LISTING_POLICY],
    ["X-Content-Type-Options", "nosniff"],
  ]);
}
