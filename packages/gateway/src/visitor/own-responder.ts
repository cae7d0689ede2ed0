import { nextRequestId } from "../exchange/request-id.js";
import type { ReportedRoute } from "../exchange/visitor-side.js";
import type { Notice, Refusal, Reply } from "../http/index.js";
import type { RefusalRoute, RespondRoute } from "../route.js";
import type { Http1ResponseWriter } from "../responses/http1-response-writer.js";
import type { OwnResponses } from "./own-responses.js";
import type { RequestContext } from "./request-context.js";
import type { VisitorHost } from "./visitor-host.js";

/** The parts of a visitor that its responder uses. */
export interface RespondingVisitor {
  readonly context: RequestContext;
  readonly response: Http1ResponseWriter;
  /** Whether the connection closes after the current request. */
  readonly closesAfterRequest: boolean;
  /** A response has been written. */
  onOwnWritten(closes: boolean): void;
}

/** Writes the gateway's own responses to one visitor. */
export class OwnResponder {
  readonly #visitor: RespondingVisitor;
  readonly #counted: OwnResponses;
  readonly #host: VisitorHost;

  constructor(visitor: RespondingVisitor, counted: OwnResponses, host: VisitorHost) {
    this.#visitor = visitor;
    this.#counted = counted;
    this.#host = host;
  }

  /**
   * Refuses a request without reading the rest of it. The connection closes, because the end of the request is unknown.
   * @param route undefined: the head of the request is not valid
   */
  refuse(refusal: Refusal, route?: ReportedRoute): void {
    const id = nextRequestId();
    this.#visitor.context.refused(refusal, route, id);
    this.#write(refusal, true, id);
  }

  /** Responds to a request whose head is valid, without an exchange. */
  decline(route: RefusalRoute | RespondRoute): void {
    const { context } = this.#visitor;
    const id = context.requestId();
    this.respond(context.decline(route, id), id, route.kind === "respond" ? route.location : undefined);
  }

  /** Responds to a request that a step of its route did not admit. */
  deny(page: Refusal | Notice | Reply, requestId: string | undefined): void {
    if ("code" in page) this.#host.onRefused(page);
    this.respond(page, requestId);
  }

  respond(page: Refusal | Notice | Reply, requestId = nextRequestId(), location?: string): void {
    this.#write(page, this.#visitor.closesAfterRequest, requestId, location);
  }

  #write(page: Refusal | Notice | Reply, isLast: boolean, requestId: string, location?: string): void {
    this.#counted.count();
    const closes = isLast || this.#counted.isFull;
    const { context, response } = this.#visitor;
    context.onOwnBody(response.writeOwn(page, closes, requestId, location));
    this.#visitor.onOwnWritten(closes);
  }
}
