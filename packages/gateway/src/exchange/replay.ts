import type { ResetReason } from "@postern/net";
import type { Request } from "../http/index.js";
import type { RetryPolicy } from "../upstream/attempt.js";

/** Methods that may be repeated when it is unknown whether they were executed (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "DELETE", "PUT"]);
const NOTHING: Buffer[] = [];

/**
 * Keeps the data that is needed to send a request again, while no final head of a response has arrived. The route's
 * policy decides whether the request is repeated, at most once. Reused for request after request.
 */
export class Replay {
  /** Whether the request may use an idle stream: it is idempotent and has no body. */
  mayUseIdle = false;
  /** Whether the method may be repeated, and the request is not an upgrade. */
  isIdempotent = false;
  #onIdleStream = false;
  #isRepeated = false;
  /** Copies of the sent parts of the body; undefined once the request cannot be sent again. */
  #sent: Buffer[] | undefined;
  #bytes = 0;
  readonly #most: number;

  /** @param most the maximum size of a body that is kept until the response begins. A longer body is sent only once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** A request begins. */
  begin({ method, upgrade }: Request, hasBody: boolean): void {
    this.isIdempotent = upgrade === "" && IDEMPOTENT.has(method);
    this.mayUseIdle = this.isIdempotent && !hasBody;
    this.#onIdleStream = this.#isRepeated = false;
    this.#sent = NOTHING;
    this.#bytes = 0;
  }

  /** The request uses an idle stream. */
  useIdle(): void {
    this.#onIdleStream = true;
  }

  /** A part of the body is sent. */
  keep(chunk: Buffer): void {
    if (this.#sent === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#most) this.#sent = undefined;
    else if (this.#sent === NOTHING) this.#sent = [Buffer.from(chunk)];
    else this.#sent.push(Buffer.from(chunk));
  }

  /** The request will not be sent again: a response has begun, or the exchange is over. */
  end(): void {
    this.#sent = undefined;
  }

  /** The parts of the body that were sent; undefined if the request cannot be sent again. */
  get sent(): readonly Buffer[] | undefined {
    return this.#sent;
  }

  /** The parts of the body to repeat; undefined when the request may not be repeated. It is repeated once. */
  take(reason: ResetReason, policy: RetryPolicy): readonly Buffer[] | undefined {
    const sent = this.#sent;
    if (sent === undefined || this.#isRepeated) return undefined;
    this.#isRepeated = true;
    const attempt = { reason, isIdempotent: this.isIdempotent, onIdleStream: this.#onIdleStream };
    return policy(attempt) ? sent : undefined;
  }
}
