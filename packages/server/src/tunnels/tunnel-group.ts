import type { Tunnel } from "./tunnel.js";

interface Member {
  readonly tunnel: Tunnel;
  /** Called when another instance gets the name. */
  readonly onReplaced: () => void;
}

/** The tunnels that serve one name together: one for each session of the instance that holds its lease. */
export class TunnelGroup {
  /** The epoch of the lease. */
  readonly epoch: number;
  readonly #members: Member[] = [];
  /** Where the search for the next tunnel starts, so that equal ones take turns. */
  #next = 0;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  get size(): number {
    return this.#members.length;
  }

  /** @param onReplaced called when another instance gets the name. */
  add(tunnel: Tunnel, onReplaced: () => void): void {
    // The client may have opened another session because these are lost.
    for (const member of this.#members) member.tunnel.checkAlive();
    tunnel.epoch = this.epoch;
    this.#members.push({ tunnel, onReplaced });
  }

  /** Returns whether `tunnel` was a member. */
  remove(tunnel: Tunnel): boolean {
    const at = this.#members.findIndex((member) => member.tunnel === tunnel);
    if (at >= 0) this.#members.splice(at, 1);
    return at >= 0;
  }

  /** Another instance got the name. */
  replace(): void {
    for (const { onReplaced } of this.#members) onReplaced();
  }

  /** The tunnel for the next request: available ones before suspect ones, then the least loaded, in turn among equals. */
  pick(): Tunnel | undefined {
    const count = this.#members.length;
    const first = this.#members[0]?.tunnel;
    if (count < 2) return first;
    this.#next = (this.#next + 1) % count;
    let [best, bestRank, bestLoad] = [first, Infinity, Infinity];
    for (let n = 0; n < count; n++) {
      const { tunnel } = this.#members[(this.#next + n) % count] as Member;
      const rank = tunnel.unavailable !== undefined ? 2 : tunnel.suspect ? 1 : 0;
      const { load } = tunnel;
      if (rank > bestRank || (rank === bestRank && load >= bestLoad)) continue;
      [best, bestRank, bestLoad] = [tunnel, rank, load];
    }
    return best;
  }

  /** The tunnel whose client sent the probe `field`. */
  probed(field: string): Tunnel | undefined {
    return this.#members.find(({ tunnel }) => tunnel.probe.isSignedBy(field))?.tunnel;
  }

  /** Finds sessions that are cut off, where another could serve instead. Call about once a second. */
  watch(): void {
    if (this.#members.length > 1) for (const { tunnel } of this.#members) tunnel.watch();
  }
}
