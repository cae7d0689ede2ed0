import { meaningOf, refusals, type Refusal } from "../../http/index.js";
import { decidingField } from "../../routing/conditions.js";
import { SeenSignatures, SignatureFault, WebhookSignature } from "../../webhook-signatures/index.js";
import type { SignatureClaim, WebhookOptions } from "../../webhook-signatures/index.js";
import { AttemptLimit } from "../rate-limit/attempt-limit.js";
import { RateEntry, type Rate } from "../rate-limit/rate-table.js";
import { FaultReports } from "../fault-reports.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import type { Tenancy } from "../tenancy.js";

export interface WebhookStepOptions extends WebhookOptions {
  /** Most bytes of a body. Default: `WEBHOOK_BODY.usual`. */
  readonly maxSize?: number | undefined;
  /** The name of the route, for messages. */
  readonly route?: string | undefined;
}

export interface WebhookDependencies {
  /** Unix time in milliseconds. Default: the system's. */
  readonly now?: () => number;
  /** Called with the reason why a request is refused, at most once a minute for each kind of reason. */
  readonly onWarning?: (text: string) => void;
}

/** Bytes of a body whose signature is checked: by default, and at most. */
export const WEBHOOK_BODY = { usual: 1_000_000, most: 8_000_000 } as const;
/** Wrong signatures of a visitor: 100 at once, and 100 a minute. */
export const WEBHOOK_FAILURES: Rate = { interval: 600, burst: 100 };

const REFUSED: Refusal = {
  ...refusals.PN_ACCESS_SIGNATURE,
  fields: { "WWW-Authenticate": 'Signature realm="restricted"' },
};

/** Admits requests that their sender has signed with a shared secret, body included. */
export class WebhookStep implements Step {
  readonly name = "webhook";
  readonly #signature: WebhookSignature;
  readonly #most: number;
  readonly #now: () => number;
  readonly #reports: FaultReports;
  readonly #where: string;
  readonly #owner: string | undefined;
  #failures: AttemptLimit;
  #seen: SeenSignatures;

  /**
   * @param tenancy undefined: the secret is the operator's
   * @throws RangeError for options that are not valid.
   */
  constructor(options: WebhookStepOptions, { now = Date.now, onWarning }: WebhookDependencies = {}, tenancy?: Tenancy) {
    this.#owner = tenancy?.owner;
    this.#failures = new AttemptLimit(WEBHOOK_FAILURES, tenancy?.room);
    this.#seen = new SeenSignatures(tenancy?.room);
    if (options.hmac !== undefined) decidingField(options.hmac.header.toLowerCase());
    this.#signature = new WebhookSignature(options);
    this.#most = Math.min(options.maxSize ?? WEBHOOK_BODY.usual, WEBHOOK_BODY.most);
    this.#now = now;
    this.#reports = new FaultReports(onWarning);
    this.#where = options.route === undefined ? "" : ` for ${options.route}`;
  }

  check(request: StepRequest): Verdict | Promise<Verdict> {
    const claim = this.#signature.read((name) => request.fieldValue(name, meaningOf(name)), this.#now());
    if (claim instanceof SignatureFault) return this.#refuse(request, claim);
    const failures = this.#failures.admit(request.address, request.startedAt);
    if (!(failures instanceof RateEntry)) return failures;
    // It counts as a failure until the signature is known to be right, so that requests at the same time count.
    this.#failures.count(failures, request.startedAt);
    return this.#verify(request, claim, failures);
  }

  inherit(former: Step): void {
    if (!(former instanceof WebhookStep)) return;
    this.#failures = former.#failures;
    this.#seen = former.#seen;
  }

  close(): void {
    this.#failures.close();
    this.#seen.close();
  }

  async #verify(request: StepRequest, claim: SignatureClaim, failures: RateEntry): Promise<Verdict> {
    const digest = this.#signature.verify(claim, await request.readBody(this.#most, this.#owner));
    if (digest instanceof SignatureFault) return this.#refuse(request, digest);
    this.#failures.forgive(failures);
    if (claim.time === undefined) return undefined;
    const until = claim.time * 1_000 + this.#signature.window;
    if (this.#seen.use(digest, until, this.#now())) return undefined;
    return this.#refuse(request, new SignatureFault("repeated", "the same request has been received before"));
  }

  #refuse({ address }: StepRequest, fault: SignatureFault): Refusal {
    const message = `A webhook${this.#where} from ${address} was refused: ${fault.text}.`;
    this.#reports.report(fault.kind, message, this.#now());
    return REFUSED;
  }
}
