import { SERVER_LIMITS } from "../limits.js";

/** Tunnels that were taken away from a session while streams of them were open, and how long those may take to end. */
export class FormerTunnels {
  /** Until when, by the tunnel's number; the oldest first. */
  readonly #until = new Map<number, number>();

  add(tunnel: number, now: number): void {
    this.#until.set(tunnel, now + SERVER_LIMITS.lastStreams);
  }

  /** Those whose time is over. Each is told once. To be called about once a second. */
  due(now: number): number[] {
    const due = [...this.#until].filter(([, until]) => until <= now).map(([tunnel]) => tunnel);
    for (const tunnel of due) this.#until.delete(tunnel);
    return due;
  }
}
