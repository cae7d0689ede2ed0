import type { ExchangeContext } from "../exchange/exchange-context.js";
import { nextRequestId } from "../exchange/request-id.js";
import type { BodyCoder, ResponseFilter } from "../filters/response-filter.js";
import type { ReportedRoute, VisitorContext } from "../exchange/visitor-side.js";
import { Field, refusals, type Notice, type Refusal, type Reply, type RequestHead } from "../http/index.js";
import { withoutOwn } from "../middleware/own-cookies/own-cookies.js";
import type { AccessLogger, FinishedRequest, RefusalRoute, RespondRoute, Route } from "../route.js";
import { TRACE_FIELDS, type Trace } from "../trace/tracing.js";
import type { ConnectionInfo } from "./connection-info.js";
import { ForwardedFields } from "./forwarded-fields.js";
import { LAST_RECIPIENT } from "./last-recipient.js";
import { invalidRecord, ownRecord } from "./own-record.js";
import type { VisitorHost } from "./visitor-host.js";

export const MISDIRECTED = refused(refusals.PN_HTTP_MISDIRECTED);
const OVERLOADED = refused(refusals.PN_OVERLOADED);
const LOOP = refused(refusals.PN_ORIGIN_LOOP);
const NONE: readonly never[] = [];

/** What the steps of a route have done to a request. */
export interface Admitted {
  /** The lines for the target, with those of the steps. Call it before the request is written. */
  edited(lines: string): string;
  /** The names, in lower case, of the fields that the steps have changed. */
  readonly editedNames: readonly string[];
  /** The lines that the steps add to the response. */
  readonly responseLines: string;
  /** The names, in lower case, of the fields of the response that the steps remove. */
  readonly removedResponseNames: readonly string[];
  /** The page to show in place of one of the gateway. */
  shown(page: Refusal | Notice | Reply): Refusal | Notice | Reply;
  /** Those that the response passes. */
  readonly filters: readonly ResponseFilter[];
  /** Creates the coders that the body of the request passes. */
  readonly coders: readonly (() => BodyCoder)[];
  /** The value that the steps have given to the field `name` (lower case), empty if they have removed it. */
  changedValue(name: string): string | undefined;
  /** Who the visitor is, according to the steps; undefined: unknown. */
  readonly principal: string | undefined;
  /** The request is over. */
  end(): void;
}

/** Where the requests of one connection come from, and where they go. */
export class RequestContext implements VisitorContext {
  readonly exchanges: ExchangeContext;
  /** Of the request in progress; undefined if its route has no steps. */
  admission: Admitted | undefined;
  readonly #head: RequestHead;
  readonly #info: ConnectionInfo;
  readonly #host: VisitorHost;
  readonly #forwarded: ForwardedFields;
  /** The cookies for the target, if some were dropped. */
  #cookieLine = "";
  #requestId = "";
  /** Of the current request, from its first use on. */
  #trace: Trace | undefined;
  /** A request that is over, whose response is not complete, and the log for it. */
  #unlogged: FinishedRequest | undefined;
  #log: AccessLogger | undefined;
  /** Body bytes of the gateway's own response to it. */
  #ownBytes = 0;

  /** @param head the current request; the same object is parsed again for each request */
  constructor(head: RequestHead, peer: string | undefined, info: ConnectionInfo, host: VisitorHost) {
    this.exchanges = host.exchanges;
    this.#head = head;
    this.#info = info;
    this.#host = host;
    this.#forwarded = new ForwardedFields(peer, info.proto, host.forwarding);
  }

  get address(): string {
    return this.#forwarded.address;
  }

  get principal(): string | undefined {
    return this.admission?.principal;
  }

  get traceId(): string {
    return this.#ownTrace?.id ?? "";
  }

  get certificate(): ConnectionInfo["certificate"] {
    return this.#info.certificate;
  }

  get isSecure(): boolean {
    return this.#info.proto === "https";
  }

  /** Whether the peer is a trusted proxy. */
  get isProxied(): boolean {
    return this.#forwarded.isProxied;
  }

  /** The id of the request in progress. */
  requestId(): string {
    if (this.#requestId === "") this.#requestId = this.#forwarded.requestId(this.#head) || nextRequestId();
    return this.#requestId;
  }

  /** The page to show in place of one of the gateway. */
  shown(page: Refusal | Notice | Reply): Refusal | Notice | Reply {
    return this.admission === undefined ? page : this.admission.shown(page);
  }

  /** The lines of the gateway itself that identify the visitor. */
  identityLines(): string {
    return this.#forwarded.lines(this.#head);
  }

  /** The scheme and the authority that the visitor requested, as `https://a.example`. */
  site(): string {
    return this.#forwarded.site(this.#head);
  }

  forwardedLines(): string {
    const lines = this.#withTrace(this.identityLines());
    const edited = this.admission === undefined ? lines : this.admission.edited(lines);
    this.#dropOwnCookies();
    return this.#cookieLine === "" ? edited : edited + this.#cookieLine;
  }

  /** An owner of a tunnel must not get the logins of those who had its name before. */
  #dropOwnCookies(): void {
    const { ownCookies } = this.exchanges;
    if (ownCookies === undefined) return;
    const kept = withoutOwn(this.#head.fieldValues(Field.cookie, "cookie", "; "), ownCookies);
    if (kept === undefined) return;
    this.#head.claimIdentity("cookie");
    this.#cookieLine = kept === "" ? "" : `Cookie: ${kept}\r\n`;
  }

  /** The lines that steps add to the response. */
  responseLines(): string {
    return this.admission === undefined ? "" : this.admission.responseLines;
  }

  /** The names, in lower case, of the fields of the response that steps remove. */
  get removedResponseNames(): readonly string[] {
    return this.admission === undefined ? NONE : this.admission.removedResponseNames;
  }

  /** The value that steps have given to the field `name` (lower case), empty if they have removed it. */
  changedValue(name: string): string | undefined {
    return this.admission?.changedValue(name);
  }

  /** The filters of the response, in the order in which it passes them. */
  get filters(): readonly ResponseFilter[] {
    return this.admission === undefined ? NONE : this.admission.filters;
  }

  /** Creates the coders that the body of the request passes, in their order. */
  get coders(): readonly (() => BodyCoder)[] {
    return this.admission === undefined ? NONE : this.admission.coders;
  }

  /** Fields that only a step, or a trusted proxy, may send: a visitor could add them after the body otherwise. */
  get claimedNames(): readonly string[] {
    const { fields, tracing } = this.#host.forwarding;
    const claimed = tracing === undefined ? fields.claimed : [...fields.claimed, ...TRACE_FIELDS];
    return this.admission === undefined ? claimed : [...claimed, ...this.admission.editedNames];
  }

  /** The request in progress is over, and so is its response. */
  endRequest(): void {
    this.#logRequest();
    this.#ownBytes = 0;
    this.#trace = undefined;
    this.admission?.end();
    this.admission = undefined;
    this.#cookieLine = "";
    this.#requestId = "";
  }

  finished(request: FinishedRequest, route: ReportedRoute | undefined): void {
    route?.onFinished?.(request);
    const log = this.#logOf(route);
    if (log === undefined) return;
    this.#unlogged = request;
    this.#log = log;
    // A switched connection reports no end of its request, and a visitor that has left gets no page.
    if (request.status === 101 || request.ended === "visitor_left") this.#logRequest();
  }

  /** The gateway itself has responded to the request that is over. @param bytes of the body */
  onOwnBody(bytes: number): void {
    this.#ownBytes = bytes;
  }

  route(): Route {
    this.#forwarded.readAddress(this.#head);
    if (this.#isMisdirected) return MISDIRECTED;
    const route = this.#host.router(this.#head, this.#info, this.#forwarded.address);
    const isForwarded = route.kind === "upstream";
    if ((isForwarded || route.kind === "files") && this.#host.overloaded) return OVERLOADED;
    // A step may ask a service about the request, and that leads back here as well.
    const mayComeBack = isForwarded || route.steps !== undefined;
    if (mayComeBack && this.#host.forwarding.loops.isLoop(this.#head.fieldValues(Field.cdnLoop))) return LOOP;
    return isForwarded && this.#head.maxForwards === 0 ? LAST_RECIPIENT : route;
  }

  /** The gateway itself responds to the request `id`: reports it. @returns the page to send */
  decline(route: RefusalRoute | RespondRoute, id: string): RespondRoute["page"] {
    const page = route.kind === "refusal" ? route.refusal : route.page;
    if ("code" in page) this.#host.onRefused(page);
    if (route.onFinished !== undefined || this.#logOf(route) !== undefined) {
      this.finished(ownRecord(this.#head, this, id, page), route);
    }
    return page;
  }

  /** The gateway itself refuses the request `id` before it is served. @param route undefined: its head is not valid */
  refused(refusal: Refusal, route: ReportedRoute | undefined, id: string): void {
    this.#host.onRefused(refusal);
    if (this.#logOf(route) === undefined) return;
    const { accessLog } = route ?? {};
    if (route === undefined) this.#forwarded.forgetAddress();
    const record = route === undefined ? invalidRecord : ownRecord;
    // Routes get reports only of requests that they have served.
    this.finished(record(this.#head, this, id, refusal), { kind: "refusal", refusal, accessLog });
  }

  /** The log for requests of a route: its own, or that of the host. Null stands for none. */
  #logOf(route: ReportedRoute | undefined): AccessLogger | undefined {
    const own = route?.accessLog;
    return own === undefined ? this.#host.accessLog : (own ?? undefined);
  }

  #logRequest(): void {
    const request = this.#unlogged;
    if (request === undefined) return;
    this.#log?.add(request, this.#ownBytes);
    this.#unlogged = this.#log = undefined;
  }

  /** The trace of the current request. A request that is sent again keeps it. */
  get #ownTrace(): Trace | undefined {
    const { tracing } = this.#host.forwarding;
    return tracing && (this.#trace ??= tracing.of(this.#head, this.isProxied));
  }

  #withTrace(lines: string): string {
    const trace = this.#ownTrace;
    // A step of the route may set the field itself.
    if (trace === undefined || this.admission?.editedNames.includes("traceparent") === true) return lines;
    for (const name of TRACE_FIELDS) this.#head.claimIdentity(name);
    return [lines, trace.lines].join("");
  }

  /**
   * If the TLS handshake named a host, requests for any other host are refused: the certificate was checked only for
   * that host (RFC 9110, section 7.4).
   */
  get #isMisdirected(): boolean {
    const { host } = this.#head;
    const { serverName } = this.#info;
    return serverName !== undefined && host !== serverName && host !== "";
  }
}

function refused(refusal: Refusal): RefusalRoute {
  return { kind: "refusal", refusal };
}
