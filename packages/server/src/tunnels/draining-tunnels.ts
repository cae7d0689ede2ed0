import { SERVER_LIMITS } from "../limits.js";

/**
 * Tunnels that a session lost while some of their streams were open. The streams may finish within
 * SERVER_LIMITS.lastStreams.
 */
export class DrainingTunnels {
  /** The deadline by the tunnel's number, the oldest first. */
  readonly #until = new Map<number, number>();

  get size(): number {
    return this.#until.size;
  }

  add(tunnel: number, now: number): void {
    this.#until.set(tunnel, now + SERVER_LIMITS.lastStreams);
  }

  /** Forgets the tunnels that have no streams left. @param inUse the tunnels that have streams. */
  keepOnly(inUse: ReadonlySet<number>): void {
    for (const tunnel of this.#until.keys()) if (!inUse.has(tunnel)) this.#until.delete(tunnel);
  }

  /** Removes and returns the tunnels whose deadline has passed. Call it about once a second. */
  due(now: number): Set<number> {
    const due = new Set<number>();
    for (const [tunnel, until] of this.#until) if (until <= now) due.add(tunnel);
    for (const tunnel of due) this.#until.delete(tunnel);
    return due;
  }
}
