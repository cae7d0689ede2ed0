import type { ResetReason } from "../upstream/byte-stream.js";
import type { RequestHead } from "../http/index.js";

export const REPLAY_LIMITS = {
  /** Bytes of a request's body that are kept until its answer begins; a longer one is sent once. */
  body: 64 * 1024,
} as const;

/** Methods that may be sent again when nobody knows whether they arrived (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "DELETE", "PUT"]);

/**
 * When a request may be sent again: its stream broke, nothing of an answer came, and it was sent only once. Then either the reset proves
 * that nothing of it was delivered, or it is idempotent and the break says nothing about it: the stream had been kept, and the origin
 * had closed it in the meantime, or the whole session was lost. Reused for request after request.
 */
export class Replay {
  /** It may go on a stream that was kept: idempotent, and without a body. */
  mayUseKept = false;
  #idempotent = false;
  #usesKept = false;
  /** What was sent of the body, while that can be sent again. */
  #sent: Buffer[] | undefined;
  #bytes = 0;

  /** A request begins. */
  begin({ method, upgrade }: RequestHead, hasBody: boolean): void {
    this.#idempotent = upgrade === "" && IDEMPOTENT.has(method);
    this.mayUseKept = this.#idempotent && !hasBody;
    this.#usesKept = false;
    this.#sent = [];
    this.#bytes = 0;
  }

  /** It goes on a stream that was kept. */
  useKept(): void {
    this.#usesKept = true;
  }

  /** A part of the body is sent. */
  keep(chunk: Buffer): void {
    if (this.#sent === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > REPLAY_LIMITS.body) this.#sent = undefined;
    else this.#sent.push(chunk);
  }

  /** From now on it is sent no second time: an answer has begun, or it is over. */
  end(): void {
    this.#sent = undefined;
  }

  /** What of the body is to be sent again; undefined when the request may not be. It is asked once. */
  take({ code, delivered }: ResetReason): readonly Buffer[] | undefined {
    const sent = this.#sent;
    this.#sent = undefined;
    // A service that cannot be reached is not tried twice.
    if (code.startsWith("PN_DIAL_")) return undefined;
    const harmless = this.#idempotent && (this.#usesKept || code === "PN_SESSION_LOST");
    return delivered === 0 || harmless ? sent : undefined;
  }
}
