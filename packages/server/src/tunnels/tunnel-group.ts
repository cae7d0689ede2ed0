import { LeastLoad } from "@postern/gateway";
import type { Tunnel } from "./tunnel.js";

/** The tunnels that serve one name together: one for each session of the instance that holds the lease. */
export class TunnelGroup {
  /** The epoch of the lease. */
  readonly epoch: number;
  readonly #tunnels: Tunnel[] = [];
  readonly #onReplaced = new Map<Tunnel, () => void>();
  readonly #balance = new LeastLoad();

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  get size(): number {
    return this.#tunnels.length;
  }

  /** @param onReplaced called when another instance gets the name. */
  add(tunnel: Tunnel, onReplaced: () => void): void {
    // The client may have opened another session because these are lost.
    for (const member of this.#tunnels) member.checkAlive();
    tunnel.epoch = this.epoch;
    this.#tunnels.push(tunnel);
    this.#onReplaced.set(tunnel, onReplaced);
  }

  /** Returns whether `tunnel` was a member. */
  remove(tunnel: Tunnel): boolean {
    if (!this.#onReplaced.delete(tunnel)) return false;
    this.#tunnels.splice(this.#tunnels.indexOf(tunnel), 1);
    return true;
  }

  /** Call it when another instance gets the name. */
  replace(): void {
    for (const onReplaced of this.#onReplaced.values()) onReplaced();
  }

  /** The tunnel for the next request. */
  pick(): Tunnel | undefined {
    return this.#balance.pick(this.#tunnels);
  }

  /** The tunnel whose client sent the probe `field`. */
  probed(field: string): Tunnel | undefined {
    return this.#tunnels.find(({ probe }) => probe.isSignedBy(field));
  }

  /** Detects sessions that are cut off if another session could serve instead. Call it about once a second. */
  watch(): void {
    if (this.#tunnels.length > 1) for (const tunnel of this.#tunnels) tunnel.watch();
  }
}
