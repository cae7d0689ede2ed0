import { CodedExchange } from "../coded-requests/coded-exchange.js";
import { Exchange } from "../exchange/exchange.js";
import type { FilesExchange, VisitorExchange } from "../exchange/visitor-exchange.js";
import { CoderChain } from "../filters/coder-chain.js";
import type { Body, RequestHead } from "../http/index.js";
import type { FilteringWriter } from "../responses/filtering-writer.js";
import { ChangedFileRequest } from "../middleware/changed-file-request.js";
import type { FilesRoute, GuardedRoute, Route, UpstreamRoute } from "../route.js";
import { Admission, type AdmittedVisitor } from "./admission.js";
import type { RequestContext } from "./request-context.js";
import type { VisitorHost } from "./visitor-host.js";

/** Whether an exchange responds to the requests of a route. */
export function isExchanged(route: Route): route is UpstreamRoute | FilesRoute {
  return route.kind === "upstream" || route.kind === "files";
}

/** A visitor that has exchanges. */
export interface ExchangingVisitor extends AdmittedVisitor {
  readonly context: RequestContext;
  readonly response: FilteringWriter;
}

/** The exchanges of one visitor that speaks HTTP/1: one of each kind, created for the first request that needs it. */
export class Exchanges {
  /** That of the current request, or of the last one; undefined if there was none since the last `drop`. */
  current: VisitorExchange | undefined;
  readonly #host: VisitorHost;
  readonly #visitor: ExchangingVisitor;
  readonly #request: RequestHead;
  #forwarding: Exchange | undefined;
  #coded: CodedExchange | undefined;
  #files: FilesExchange | undefined;
  #admission: Admission | undefined;

  /** @param request the current request; the same object is parsed again for each request */
  constructor(visitor: ExchangingVisitor, request: RequestHead, host: VisitorHost) {
    this.#host = host;
    this.#visitor = visitor;
    this.#request = request;
  }

  /** Whether the upstream accepts no more of the request's body, or of the visitor's bytes after a protocol switch. */
  get isBodyBlocked(): boolean {
    return this.current?.isBodyBlocked === true;
  }

  /**
   * Begins the exchange of the current request, whose head has been read.
   * @returns false if `body`, of which nothing has been read, is too large: there is no exchange
   */
  begin(route: UpstreamRoute | FilesRoute, body: Body): boolean {
    const most = (body.most = route.limits?.body ?? this.#host.limits.body);
    if (most > 0 && this.#request.contentLength > most) return false;
    if (route.kind === "files") {
      const exchange = (this.#files ??= this.#createFilesExchange());
      this.current = exchange;
      exchange.begin(route);
    } else if (this.#visitor.context.coders.length > 0) this.#beginCoded(route, body);
    else {
      const exchange = (this.#forwarding ??= new Exchange(this.#visitor, this.#request));
      this.current = exchange;
      exchange.begin(route, "chunks");
    }
    return true;
  }

  /** Passes the current request through the steps of its route. */
  guard(route: GuardedRoute): void {
    if (this.#admission === undefined || this.#admission.hasWaited)
      this.#admission = new Admission(this.#visitor, this.#request);
    this.current = this.#visitor.context.admission = this.#admission;
    this.#admission.begin(route);
  }

  /**
   * Shows a piece of input to the step that reads the body of the current request.
   * @returns false if no more input is needed now
   */
  readAhead(piece: Buffer): boolean {
    return this.#admission?.readAhead(piece) === true;
  }

  #beginCoded(route: UpstreamRoute, body: Body): void {
    const exchange = (this.#coded ??= new CodedExchange(this.#visitor, this.#request));
    this.current = exchange;
    body.beginFor(this.#request, "data");
    const [first, ...others] = this.#visitor.context.coders.map((create) => create());
    exchange.begin(route, others.length === 0 ? first! : new CoderChain([first!, ...others]), body.most);
    if (this.#request.expectContinue && exchange.isActive) this.#visitor.response.writeContinue();
  }

  #createFilesExchange(): FilesExchange {
    const request = new ChangedFileRequest(this.#request, this.#visitor.context);
    const exchange = this.#host.createFilesExchange?.(this.#visitor, request);
    if (exchange === undefined) throw new Error("This gateway was created without exchanges for files.");
    return exchange;
  }

  /** Releases the memory of exchanges that are over. */
  drop(): void {
    this.current = this.#forwarding = this.#coded = this.#files = this.#admission = undefined;
  }
}
