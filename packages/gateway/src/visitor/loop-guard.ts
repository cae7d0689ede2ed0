import { randomBytes } from "node:crypto";

/** How often a request may pass one gateway. */
export const LOOP_LIMITS = { passages: 4 } as const;

const BEFORE = " \t,";
const AFTER = " \t,;";

/**
 * Detects requests that loop because a service forwards them to the address of its own tunnel.
 * CDN-Loop (RFC 8586) lists the gateways that a request has passed. A visitor that writes this gateway's id into it
 * stops only its own request.
 */
export class LoopGuard {
  /** The line to add to forwarded requests, ended by CRLF. */
  readonly line: string;
  readonly #id: string;

  /** @param id identifies this gateway without revealing anything about it */
  constructor(id = `postern-${randomBytes(8).toString("hex")}`) {
    this.#id = id;
    this.line = `CDN-Loop: ${id}\r\n`;
  }

  /** Whether a request with this CDN-Loop (all its lines, joined by commas) may not pass again. */
  isLoop(cdnLoop: string): boolean {
    const id = this.#id;
    let passages = 0;
    for (let at = cdnLoop.indexOf(id); at >= 0; at = cdnLoop.indexOf(id, at + id.length)) {
      const end = at + id.length;
      const isElement =
        (at === 0 || BEFORE.includes(cdnLoop[at - 1]!)) && (end === cdnLoop.length || AFTER.includes(cdnLoop[end]!));
      if (isElement && ++passages === LOOP_LIMITS.passages) return true;
    }
    return false;
  }
}
