import type { ExchangeContext } from "../exchange/exchange-context.js";
import { nextRequestId } from "../exchange/request-id.js";
import type { BodyCoder, ResponseFilter } from "../filters/response-filter.js";
import type { VisitorContext } from "../exchange/visitor-side.js";
import { Field, refusals, type Notice, type Refusal, type Reply, type RequestHead } from "../http/index.js";
import { withoutOwn } from "../middleware/own-cookies/own-cookies.js";
import type { RefusalRoute, RespondRoute, Route } from "../route.js";
import type { ConnectionInfo } from "./connection-info.js";
import { ForwardedFields } from "./forwarded-fields.js";
import { LAST_RECIPIENT } from "./last-recipient.js";
import { ownRecord } from "./own-record.js";
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
    const lines = this.identityLines();
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
    const { claimed } = this.#host.forwarding.fields;
    return this.admission === undefined ? claimed : [...claimed, ...this.admission.editedNames];
  }

  /** The request in progress is over. */
  endAdmission(): void {
    this.admission?.end();
    this.admission = undefined;
    this.#cookieLine = "";
    this.#requestId = "";
  }

  route(): Route {
    if (this.#isMisdirected) return MISDIRECTED;
    this.#forwarded.readAddress(this.#head);
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
    route.onFinished?.(ownRecord(this.#head, this, id, page));
    return page;
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
