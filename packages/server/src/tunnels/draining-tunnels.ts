import { SERVER_LIMITS } from "../limits.js";

/**
 * Tunnels that a session lost while some of their streams were open. The streams may finish within
 * SERVER_LIMITS.lastStreams.
 */
export class DrainingTunnels {
  /** The deadline by the tunnel's number, the oldest first. */
  readonly #until = new Map<number, number>();

  add(tunnel: number, now: number): void {
    this.#until.set(tunnel, now + SERVER_LIMITS.lastStreams);
  }

  /** Removes and returns the tunnels whose deadline has passed. Call it about once a second. */
  due(now: number): number[] {
    const due = [...this.#until].filter(([, until]) => until <= now).map(([tunnel]) => tunnel);
    for (const tunnel of due) this.#until.delete(tunnel);
    return due;
  }
}
