import type { ResetReason } from "@postern/net";
import type { Request } from "../http/index.js";
import type { RetryPolicy } from "../upstream/attempt.js";

export const REPLAY_LIMITS = {
  /** Bytes of a request's body that are kept until its response begins; a longer one is sent once. */
  body: 64 * 1024,
} as const;

/** Methods that may be repeated when it is unknown whether they were executed (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "DELETE", "PUT"]);

/**
 * Remembers what it takes to send a request a second time. That happens only while nothing of a response has come, and
 * only once. Whether it is sent again is decided by the route's policy. Reused for request after request.
 */
export class Replay {
  /** The request may go on an idle stream: it is idempotent and has no body. */
  mayUseIdle = false;
  #isIdempotent = false;
  #onIdleStream = false;
  /** Copies of the sent parts of the body, while they can be sent again. */
  #sent: Buffer[] | undefined;
  #bytes = 0;

  /** A request begins. */
  begin({ method, upgrade }: Request, hasBody: boolean): void {
    this.#isIdempotent = upgrade === "" && IDEMPOTENT.has(method);
    this.mayUseIdle = this.#isIdempotent && !hasBody;
    this.#onIdleStream = false;
    this.#sent = [];
    this.#bytes = 0;
  }

  /** The request goes on an idle stream. */
  useIdle(): void {
    this.#onIdleStream = true;
  }

  /** A part of the body is sent. */
  keep(chunk: Buffer): void {
    if (this.#sent === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > REPLAY_LIMITS.body) this.#sent = undefined;
    else this.#sent.push(Buffer.from(chunk));
  }

  /** The request is not sent again: a response has begun, or the exchange is over. */
  end(): void {
    this.#sent = undefined;
  }

  /** The parts of the body to send again; undefined when the request may not be sent again. Can be called once. */
  take(reason: ResetReason, policy: RetryPolicy): readonly Buffer[] | undefined {
    const sent = this.#sent;
    this.#sent = undefined;
    if (sent === undefined) return undefined;
    const attempt = { reason, isIdempotent: this.#isIdempotent, onIdleStream: this.#onIdleStream };
    return policy(attempt) ? sent : undefined;
  }
}
