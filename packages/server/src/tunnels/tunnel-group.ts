import { LeastLoad } from "@postern/gateway";
import { isSigned } from "./probe-route.js";
import type { Tunnel } from "./tunnel.js";

/** The tunnels that serve one name together: one for each session of the instance that holds the lease. */
export class TunnelGroup {
  /** The epoch of the lease. */
  readonly epoch: number;
  #tunnels: readonly Tunnel[] = [];
  readonly #balance = new LeastLoad();

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  get size(): number {
    return this.#tunnels.length;
  }

  add(tunnel: Tunnel): void {
    // The client may have opened another session because these are lost.
    for (const member of this.#tunnels) member.checkAlive();
    tunnel.epoch = this.epoch;
    // `push` would make room for sixteen more, and most groups have one member.
    this.#tunnels = this.#tunnels.concat(tunnel);
  }

  /** Returns whether `tunnel` was a member. */
  remove(tunnel: Tunnel): boolean {
    const { size } = this;
    this.#tunnels = this.#tunnels.filter((member) => member !== tunnel);
    return this.size < size;
  }

  /** Call it when another instance gets the name. */
  replace(): void {
    for (const tunnel of this.#tunnels) tunnel.onReplaced();
  }

  /** The tunnel for the next request. */
  pick(): Tunnel | undefined {
    return this.#balance.pick(this.#tunnels);
  }

  /** A tunnel that could get the next request. Unlike `pick`, it does not take a turn. */
  peek(): Tunnel | undefined {
    return this.#balance.peek(this.#tunnels);
  }

  /** The tunnel whose client sent the probe `field`. */
  probed(field: string): Tunnel | undefined {
    return this.#tunnels.find(({ id }) => isSigned(field, id));
  }

  /** Detects sessions that are cut off if another session could serve instead. Call it about once a second. */
  watch(): void {
    if (this.#tunnels.length > 1) for (const tunnel of this.#tunnels) tunnel.watch();
  }
}
