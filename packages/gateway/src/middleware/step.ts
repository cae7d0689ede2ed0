import type { PeerCertificate } from "@postern/net";
import type { BodyQuota } from "../bodies/body-quota.js";
import type { ResponseFilter } from "../filters/response-filter.js";
import type { Field, Notice, Refusal, Reply } from "../http/index.js";

/** What a step decides about a request: undefined admits it, and anything else is the response. */
export type Verdict = Refusal | Reply | Notice | undefined;

/** Something that a request keeps until it is over. */
export interface Held {
  /** Called once. */
  release(): void;
}

/** Pages in place of those of the gateway. */
export interface ShownPages {
  /** What visitors get in place of `page`, which may be itself. */
  inPlaceOf(page: Refusal | Notice | Reply, requestId: string): Refusal | Notice | Reply;
}

/** Changes to the fields of a request for its target. */
export interface FieldEdits {
  /** Names of the visitor's fields to drop, in lower case, in any spelling that an origin could read as this name. */
  readonly names: readonly string[];
  /** Lines to add, each ended by CRLF. */
  readonly lines: string;
  /** Lines to add to the response, each ended by CRLF. */
  readonly responseLines?: string | undefined;
  /** Names, in lower case, of fields to remove from the response. */
  readonly responseNames?: readonly string[] | undefined;
  /** Fields of a response by which a step refuses the request. Other edits do not apply to it. */
  readonly refusalFields?: Readonly<Record<string, string>> | undefined;
  /** Who the visitor is, as far as the step knows. */
  readonly principal?: string | undefined;
}

/** The certificate of a visitor whose TLS handshake requested one. */
export interface RequestedCertificate {
  /** The host of a route, as the route writes it: its CA verified the certificate. */
  readonly host: string;
  /** Undefined: the visitor sent none. */
  readonly peer: PeerCertificate | undefined;
}

/** A request as a step sees it. Valid until the step has decided. */
export interface StepRequest {
  readonly method: string;
  /** Path and query, as received: the bytes by which the route was chosen, and which its target gets. */
  readonly path: string;
  /** Canonical, without a port. */
  readonly host: string;
  /** The scheme, the host and the port that the visitor requested, as `https://a.example`. */
  readonly site: string;
  /** The protocols that a valid upgrade request offers; otherwise empty. */
  readonly upgrade: string;
  /** The visitor's IP address: behind a trusted proxy, the one that it names. */
  readonly address: string;
  /** The certificate of its connection; undefined: the handshake, if there was one, requested none. */
  readonly certificate: RequestedCertificate | undefined;
  /** Who the visitor is, according to the steps so far; undefined: unknown. */
  readonly principal: string | undefined;
  /** When the request's head had been read, in milliseconds of the gateway's clock. */
  readonly startedAt: number;
  /** The lines by which targets know the visitor, X-Forwarded-For and others, each ended by CRLF. */
  readonly identityLines: string;
  /** CDN-Loop: the gateways that the request has passed. The values of all its fields, joined by commas. */
  readonly cdnLoop: string;
  /** Aborted when the request ends while a step waits. A step that decides at once must not use it. */
  readonly signal: AbortSignal;
  /** The value of the field `name` (lower case) of this meaning; empty unless there is exactly one. */
  fieldValue(name: string, field?: Field): string;
  /** The values of all Cookie fields, joined by semicolons. */
  cookies(): string;
  /**
   * Reads the body before the step decides; the target gets it unchanged. A body with more than `most` bytes, or one
   * that does not arrive in time, is refused. The promise is rejected if the request ends first.
   * @param owner whose step it is, where several owners share a server
   * @param quota the memory that the body uses. Default: that of signed bodies
   * @returns the content, without framing; the limit of the first call applies
   */
  readBody(most: number, owner?: string, quota?: BodyQuota): Promise<Buffer>;
  /**
   * The value that earlier steps have given to the field `name` (lower case), empty if they have removed it; undefined:
   * they have left it as the visitor sent it. A step that passes a field of the visitor on must ask for this first.
   */
  changedValue(name: string): string | undefined;
  /** Changes the fields that the target gets. */
  edit(edits: FieldEdits): void;
  /** Passes the response of the target, also one with files, through a filter: after those of earlier calls. */
  filter(filter: ResponseFilter): void;
  /** The id of the request, which its target and the logs get, too. */
  requestId(): string;
  /** Shows these pages in place of errors of the gateway. The pages of a later call count. */
  showErrors(pages: ShownPages): void;
  /** Calls `release` of `held` when the request is over. */
  hold(held: Held): void;
}

/**
 * A step of a route: sees each of its requests before anything of it reaches a target, and admits it or responds to it.
 * A step is shared by all requests of its route.
 */
export interface Step {
  /** Unique among the steps of a route. */
  readonly name: string;
  /** Paths whose requests pass the steps of this route on each host, and reach no target. Default: none. */
  readonly paths?: readonly string[];
  /**
   * Decides about a request whose head has been read. A promise makes the request wait: nothing more of it is read
   * until the promise settles. Errors close the visitor's connection.
   */
  check(request: StepRequest): Verdict | Promise<Verdict>;
  /** Keeps what `former` knows of visitors: the step of this name before a reload of the route. */
  inherit?(former: Step): void;
  /** The route is gone: stops everything that runs without a request. */
  close?(): void;
}
