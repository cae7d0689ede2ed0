import { SERVER_LIMITS } from "../limits.js";

/**
 * Tunnels that a session lost while streams of them were open. The streams may finish, but only for
 * SERVER_LIMITS.lastStreams.
 */
export class DrainingTunnels {
  /** The end of that time by the tunnel's number, the oldest first. */
  readonly #until = new Map<number, number>();

  add(tunnel: number, now: number): void {
    this.#until.set(tunnel, now + SERVER_LIMITS.lastStreams);
  }

  /** Removes and returns the tunnels whose time is over. Call about once a second. */
  due(now: number): number[] {
    const due = [...this.#until].filter(([, until]) => until <= now).map(([tunnel]) => tunnel);
    for (const tunnel of due) this.#until.delete(tunnel);
    return due;
  }
}
