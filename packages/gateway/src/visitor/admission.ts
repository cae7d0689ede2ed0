import type { BodyQuota } from "../bodies/body-quota.js";
import { ReadAhead } from "../bodies/read-ahead.js";
import { unsharedFields, unsharedLines } from "../cookies/unshared-cookies.js";
import { RequestFacts } from "../exchange/request-facts.js";
import type { VisitorExchange } from "../exchange/visitor-exchange.js";
import type { VisitorContext, VisitorSide } from "../exchange/visitor-side.js";
import type { BodyCoder, ResponseFilter } from "../filters/response-filter.js";
import { Field, meaningOf, refusals } from "../http/index.js";
import type { Notice, Refusal, Reply, RequestHead } from "../http/index.js";
import type { RouteLimits } from "../limits.js";
import { visitorKey } from "../middleware/rate-limit/visitor-key.js";
import { editedValue, joinedEdits } from "../middleware/field-edits.js";
import type { FieldEdits, Held, RequestedCertificate, ShownPages, StepRequest, Verdict } from "../middleware/step.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { GuardedRoute } from "../route.js";

/** The limits of a request while it waits for a step of its route. Times are in milliseconds. */
export const ADMISSION_LIMITS: RouteLimits = { answer: 15_000, idle: 0, body: 0 };

const NO_NAMES: readonly never[] = [];
const NO_FILTERS: readonly never[] = [];
const NO_CODERS: readonly never[] = [];

/** The parts of a visitor that its admission uses. */
export interface AdmittedVisitor extends VisitorSide {
  readonly context: VisitorContext & {
    /** The lines by which targets know the visitor, without those of steps. */
    identityLines(): string;
    readonly certificate: RequestedCertificate | undefined;
    /** The scheme and the authority that the visitor requested. */
    site(): string;
  };
  /** A step waits: nothing more of the request is to be read. */
  onParked(): void;
  /** A step reads the body: the input so far is to be passed to `readAhead`, and then what arrives. */
  onReadAhead(): void;
  /** All steps have admitted the request. */
  onAdmitted(route: GuardedRoute): void;
  /** The request is over: a step responds to it. */
  onDenied(page: NonNullable<Verdict>): void;
}

/**
 * The way of one request through the steps of its route, and what they changed. While a step waits, it stands in for
 * the request's exchange. Reused for request after request, unless a step has waited: it may still use this object.
 *
 *     over ──► checking ──admitted──► admitted ──request is over──► over
 *               │    └──refused──► over
 *               └──a step waits──► parked ──► admitted or over
 */
export class Admission extends RequestFacts implements VisitorExchange, StepRequest {
  /** Who the visitor is, according to the steps so far. */
  principal: string | undefined;
  /** Whether a step has waited. */
  hasWaited = false;
  readonly isBodyBlocked = false;
  readonly awaitsBody = false;
  readonly headSince = Infinity;
  readonly #visitor: AdmittedVisitor;
  readonly #head: RequestHead;
  #state: "over" | "checking" | "parked" | "admitted" = "over";
  #route: GuardedRoute | undefined;
  /** Those that the request passes. */
  #steps: Steps | undefined;
  #aborter: AbortController | undefined;
  #edits: FieldEdits | undefined;
  /** Those that the response passes. */
  filters: readonly ResponseFilter[] = NO_FILTERS;
  /** Creates the coders that the body passes. */
  coders: readonly (() => BodyCoder)[] = NO_CODERS;
  #pages: ShownPages | undefined;
  /** The body, if a step reads it. */
  #ahead: ReadAhead | undefined;
  #held: Held | undefined;
  /** What the request holds besides `#held`, which is rare. */
  #moreHeld: Held[] | undefined;

  constructor(visitor: AdmittedVisitor, head: RequestHead) {
    super(head, visitor.context);
    this.#visitor = visitor;
    this.#head = head;
  }

  // ---- calls from the visitor

  /** Passes the current request, whose head has been read, through the steps of its route. */
  begin(route: GuardedRoute): void {
    this.#route = route;
    this.principal = undefined;
    this.#state = "checking";
    this.startedAt = this.#visitor.context.exchanges.clock.now();
    this.#steps = route.steps;
    const verdict = this.#steps.check(this);
    if (verdict instanceof Promise) this.#park(verdict);
    else this.#decide(verdict);
  }

  /** The fields of the request for its target. @param lines those that the gateway adds anyway */
  edited(lines: string): string {
    const edits = this.#edits;
    if (edits === undefined) return lines;
    for (const name of edits.names) this.#head.claimIdentity(name);
    return [lines, edits.lines].join("");
  }

  /** The lines that the steps add to the response. */
  get responseLines(): string {
    return this.#edits?.responseLines ?? "";
  }

  /** The names, in lower case, of the fields of the response that the steps remove. */
  get removedResponseNames(): readonly string[] {
    return this.#edits?.responseNames ?? NO_NAMES;
  }

  /** The names, in lower case, of the fields that the steps have changed. */
  get editedNames(): readonly string[] {
    return this.#edits?.names ?? NO_NAMES;
  }

  /**
   * A step reads the body, and this is a piece of the visitor's input after the head.
   * @returns false if no more input is needed now
   */
  readAhead(piece: Buffer): boolean {
    const ahead = this.#state === "parked" ? this.#ahead : undefined;
    if (ahead === undefined) return false;
    const flaw = ahead.read(piece);
    if (flaw !== undefined) this.fail(flaw);
    return flaw !== undefined || !ahead.isDone;
  }

  /** The request is over. */
  end(): void {
    this.#state = "over";
    this.#route = undefined;
    this.#steps = undefined;
    this.#edits = undefined;
    this.filters = NO_FILTERS;
    this.coders = NO_CODERS;
    this.#pages = undefined;
    this.#aborter?.abort();
    this.#aborter = undefined;
    this.#ahead?.end();
    this.#ahead = undefined;
    this.#held?.release();
    this.#held = undefined;
    if (this.#moreHeld === undefined) return;
    for (const held of this.#moreHeld) held.release();
    this.#moreHeld = undefined;
  }

  override get user(): string | undefined {
    return this.principal;
  }

  // ---- StepRequest

  get identityLines(): string {
    return this.#visitor.context.identityLines();
  }

  get cdnLoop(): string {
    return this.#head.fieldValues(Field.cdnLoop);
  }

  get certificate(): RequestedCertificate | undefined {
    return this.#visitor.context.certificate;
  }

  get site(): string {
    return this.#visitor.context.site();
  }

  get upgrade(): string {
    return this.#head.upgrade;
  }

  get signal(): AbortSignal {
    return (this.#aborter ??= new AbortController()).signal;
  }

  get hasBody(): boolean {
    return this.#head.chunked || this.#head.contentLength > 0;
  }

  fieldValues(name: string): string {
    return this.#head.fieldValues(meaningOf(name), name);
  }

  fieldValue(name: string, field?: Field): string {
    return this.#head.fieldValue(name, field);
  }

  cookies(): string {
    return this.#head.fieldValues(Field.cookie, "cookie", "; ");
  }

  readBody(most: number, owner?: string, quota?: BodyQuota): Promise<Buffer> {
    if (this.#ahead === undefined) {
      this.#ahead = new ReadAhead(most, { visitor: visitorKey(this.address), owner }, quota);
      if (this.#state === "parked") this.#beginAhead(this.#ahead);
    }
    return this.#ahead.content;
  }

  changedValue(name: string): string | undefined {
    return this.#edits === undefined ? undefined : editedValue([this.#edits], name);
  }

  edit(given: FieldEdits): void {
    const edits = this.#unshared(given);
    this.principal = edits.principal ?? this.principal;
    const before = this.#edits;
    this.#edits = before === undefined ? edits : joinedEdits(before, edits);
  }

  requestId(): string {
    return this.#visitor.context.requestId();
  }

  showErrors(pages: ShownPages): void {
    this.#pages = pages;
  }

  /** The page to show in place of one of the gateway. */
  shown<Page extends Refusal | Notice | Reply>(page: Page): Page | Refusal | Notice | Reply {
    return this.#pages === undefined ? page : this.#pages.inPlaceOf(page, this.requestId());
  }

  filter(filter: ResponseFilter): void {
    this.filters = [...this.filters, filter];
  }

  changeBody(create: () => BodyCoder): void {
    if (this.hasBody) this.coders = [...this.coders, create];
  }

  hold(held: Held): void {
    if (this.#state === "over") held.release();
    else if (this.#held === undefined) this.#held = held;
    else (this.#moreHeld ??= []).push(held);
  }

  // ---- VisitorExchange: while a step waits

  get isActive(): boolean {
    return this.#state === "parked";
  }

  get awaitsResponse(): boolean {
    return this.#state === "parked";
  }

  body(): void {}

  bodyEnd(): void {}

  consumed(): void {}

  abort(ended: "visitor_left" | "timeout" = "visitor_left"): void {
    if (this.#state !== "parked") return;
    this.ended = ended;
    this.#finish(499);
    this.end();
  }

  fail(refusal: Refusal): void {
    if (this.#state === "parked") this.#refuse(refusal);
  }

  timeOut(): void {
    this.fail(this.#ahead?.isDone === false ? refusals.PN_HTTP_BODY_TIMEOUT : refusals.PN_ACCESS_TIMEOUT);
  }

  // ----

  #park(waiting: Promise<Verdict>): void {
    this.hasWaited = true;
    this.#state = "parked";
    this.#beginRecord();
    this.#visitor.onParked();
    if (this.#ahead !== undefined) this.#beginAhead(this.#ahead);
    waiting.then(
      (verdict) => this.#resume(verdict),
      (error: unknown) => this.isActive && this.#visitor.onFault(error),
    );
  }

  #beginAhead(ahead: ReadAhead): void {
    const flaw = ahead.begin(this.#head);
    if (flaw !== undefined) this.fail(flaw);
    else if (!ahead.isDone) this.#visitor.onReadAhead();
  }

  #resume(verdict: Verdict): void {
    if (!this.isActive) return;
    try {
      this.#decide(verdict);
    } catch (error) {
      this.#visitor.onFault(error);
    }
  }

  #decide(verdict: Verdict): void {
    if (verdict !== undefined) return this.#refuse(verdict);
    // While the request waited, the route may have got steps that it has not passed.
    const isChanged = this.#route?.steps !== this.#steps || this.#steps?.isReplaced === true;
    if (isChanged) return this.#refuse(refusals.PN_ACCESS_CHANGED);
    if (this.#ahead?.isDone === false) throw new Error("A step admitted a request whose body it still reads.");
    // The visitor has got its 100 Continue.
    if (this.#ahead !== undefined) this.#head.expectContinue = false;
    this.#state = "admitted";
    this.#aborter = undefined;
    // Files are not forwarded, and their exchange reads the head itself.
    for (const name of this.editedNames) this.#head.claimIdentity(name);
    this.#visitor.onAdmitted(this.#route as GuardedRoute);
  }

  #refuse(page: NonNullable<Verdict>): void {
    if (this.#state === "checking") this.#beginRecord();
    if ("code" in page) {
      this.ended = "refused";
      this.code = page.code;
    }
    this.#finish("status" in page ? page.status : 200);
    const own = this.#edits?.refusalFields;
    const shown = this.shown(page);
    this.end();
    const { sharedDomain } = this.#visitor.context.exchanges;
    const given = "fields" in shown ? shown.fields : undefined;
    const fields = own === undefined ? given : { ...own, ...given };
    if (fields === undefined) return this.#visitor.onDenied(shown);
    const unshared = sharedDomain === undefined ? fields : unsharedFields(fields, sharedDomain);
    this.#visitor.onDenied({ ...shown, fields: unshared } as NonNullable<Verdict>);
  }

  /** Cookies come from a service that the owner of the route chose: they are filtered like those of a target. */
  #unshared(edits: FieldEdits): FieldEdits {
    const { sharedDomain } = this.#visitor.context.exchanges;
    if (sharedDomain === undefined || edits.responseLines === undefined) return edits;
    return { ...edits, responseLines: unsharedLines(edits.responseLines, sharedDomain) };
  }

  #beginRecord(): void {
    const { startedAt } = this;
    this.beginFacts(this.#visitor.context.requestId(), startedAt);
  }

  #finish(status: number): void {
    this.status = status;
    this.endedAt = this.#visitor.context.exchanges.clock.now();
    this.#visitor.context.finished(this, this.#route);
  }
}
