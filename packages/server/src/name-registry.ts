import { SERVER_LIMITS } from "./limits.js";
import type { Tunnel } from "./tunnel.js";

/** What becomes of a name whose tunnel is gone: its owner is expected back, or keeps the name but is not expected, or needs it no more. */
export type Release = "dropped" | "stopped" | "free";

interface Holding {
  owner: string;
  /** The tunnel that serves the name now. */
  tunnel: Tunnel | undefined;
  /** Called when the owner takes the name with another session. */
  replaced: () => void;
  /** Without a tunnel: whether its client dropped, and is expected back. */
  expected: boolean;
  /** Without a tunnel: until when the name is kept. */
  until: number;
}

/** Who has which name. A name belongs to its owner, also for a while after its tunnel is gone; its owner can take it anew at any time. */
export class NameRegistry {
  readonly #names = new Map<string, Holding>();
  /** How many names each owner has. */
  readonly #counts = new Map<string, number>();
  readonly #now: () => number;
  #serving = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Why `owner` may not take `name`; undefined: it may. */
  refusal(name: string, owner: string): "PN_NAME_TAKEN" | "PN_TUNNEL_LIMIT" | undefined {
    const holding = this.#get(name);
    if (holding !== undefined) return holding.owner === owner ? undefined : "PN_NAME_TAKEN";
    return (this.#counts.get(owner) ?? 0) >= SERVER_LIMITS.namesPerOwner ? "PN_TUNNEL_LIMIT" : undefined;
  }

  /** Gives `name` to `tunnel`, and tells the tunnel that had it. There must be no `refusal`. */
  take(name: string, owner: string, tunnel: Tunnel, replaced: () => void): void {
    const former = this.#get(name);
    if (former === undefined) this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
    this.#names.set(name, { owner, tunnel, replaced, expected: false, until: Infinity });
    if (former?.tunnel === undefined) this.#serving += 1;
    else former.replaced();
  }

  /** `tunnel` is gone. Nothing happens when another tunnel has the name by now. */
  release(name: string, tunnel: Tunnel, how: Release): void {
    const holding = this.#names.get(name);
    if (holding?.tunnel !== tunnel) return;
    this.#serving -= 1;
    if (how === "free") return this.#delete(name, holding);
    holding.tunnel = undefined;
    holding.expected = how === "dropped";
    holding.until = this.#now() + SERVER_LIMITS.nameHold;
  }

  /** The tunnel of `name`; `away` while its client is expected back. */
  find(name: string): Tunnel | "away" | undefined {
    const holding = this.#get(name);
    return holding?.tunnel ?? (holding?.expected === true ? "away" : undefined);
  }

  /** Names that a tunnel serves now. */
  get tunnels(): number {
    return this.#serving;
  }

  /** Forgets names whose owners did not come back. */
  sweep(): void {
    for (const name of this.#names.keys()) this.#get(name);
  }

  #get(name: string): Holding | undefined {
    const holding = this.#names.get(name);
    if (holding === undefined || holding.until > this.#now()) return holding;
    this.#delete(name, holding);
    return undefined;
  }

  #delete(name: string, { owner }: Holding): void {
    this.#names.delete(name);
    const count = (this.#counts.get(owner) ?? 0) - 1;
    if (count > 0) this.#counts.set(owner, count);
    else this.#counts.delete(owner);
  }
}
