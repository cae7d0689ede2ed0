import type { Request } from "../http/index.js";
import type { FinishedRequest } from "../route.js";
import type { ExchangeEnd } from "./exchange-end.js";
import type { VisitorContext } from "./visitor-side.js";

/** What the visitor's side knows of the visitor of the current request. */
type Asker = Pick<VisitorContext, "address" | "principal" | "traceId">;

/** The longest text that is kept for the next request, in characters. */
const LONGEST_KEPT = 512;

const NO_REPAIRS: FinishedRequest["repairs"] = new Set();

/** What is known of a request from its head and its connection. Without an exchange nothing was relayed. */
export class RequestFacts implements FinishedRequest {
  id = "";
  status = 0;
  startedAt = 0;
  endedAt = 0;
  ended: ExchangeEnd = "complete";
  code: string | undefined;
  readonly request: Request;
  readonly #visitor: Asker;
  /** The last ones, because a visitor repeats them. */
  #userAgent = "";
  #referer = "";

  constructor(request: Request, visitor: Asker) {
    this.request = request;
    this.#visitor = visitor;
  }

  /** A request begins. @param now as for `startedAt` */
  protected beginFacts(id: string, now: number): void {
    this.id = id;
    this.status = 0;
    this.startedAt = now;
    this.ended = "complete";
    this.code = undefined;
  }

  get method(): string {
    return this.request.method;
  }

  get path(): string {
    return this.request.path;
  }

  get line(): string {
    return this.request.line;
  }

  get protocol(): FinishedRequest["protocol"] {
    return this.request.versionMinor === 1 ? "HTTP/1.1" : "HTTP/1.0";
  }

  get host(): string {
    return this.request.host;
  }

  get userAgent(): string {
    const userAgent = this.request.repeatedValue("user-agent", this.#userAgent);
    if (userAgent.length <= LONGEST_KEPT) this.#userAgent = userAgent;
    return userAgent;
  }

  get referer(): string {
    const referer = this.request.repeatedValue("referer", this.#referer);
    if (referer.length <= LONGEST_KEPT) this.#referer = referer;
    return referer;
  }

  get user(): string | undefined {
    return this.#visitor.principal;
  }

  get traceId(): string {
    return this.#visitor.traceId;
  }

  get address(): string {
    return this.#visitor.address;
  }

  get upstream(): FinishedRequest["upstream"] {
    return undefined;
  }

  get bytesIn(): number {
    return 0;
  }

  get bytesOut(): number {
    return 0;
  }

  get flaw(): string | undefined {
    return undefined;
  }

  get repairs(): FinishedRequest["repairs"] {
    return NO_REPAIRS;
  }
}
