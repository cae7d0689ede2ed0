import { SERVER_LIMITS } from "../limits.js";
import { NameHolding, type Holder } from "./name-holding.js";
import type { Tunnel } from "./tunnel.js";

/** What becomes of a name whose tunnels are gone: its owner is expected back, or keeps the name but is not expected, or needs it no more. */
export type Release = "dropped" | "stopped" | "free";

/** Who has which name. A name belongs to its owner, also for a while after its tunnels are gone; its owner can take it anew at any time. */
export class NameRegistry {
  readonly #names = new Map<string, NameHolding>();
  /** How many names each owner has. */
  readonly #counts = new Map<string, number>();
  readonly #now: () => number;
  /** The last epoch of all names, so that it goes on where a name was forgotten meanwhile. */
  #epoch = 0;
  #serving = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Why `name` may not be taken; undefined: it may. */
  refusal(
    name: string,
    { owner, instance }: Holder,
  ): "PN_NAME_TAKEN" | "PN_NAME_TAKEN_OVER" | "PN_TUNNEL_LIMIT" | undefined {
    const holding = this.#get(name);
    if (holding === undefined)
      return (this.#counts.get(owner) ?? 0) >= SERVER_LIMITS.namesPerOwner ? "PN_TUNNEL_LIMIT" : undefined;
    if (holding.owner !== owner) return "PN_NAME_TAKEN";
    if (holding.isFenced(instance)) return "PN_NAME_TAKEN_OVER";
    return holding.isFull(instance) ? "PN_TUNNEL_LIMIT" : undefined;
  }

  /**
   * Gives its name to `tunnel`. It joins the tunnels of the same instance; those of another one are replaced, and told. There must be no
   * `refusal`.
   */
  take(tunnel: Tunnel, { owner, instance }: Holder, replaced: () => void): void {
    let holding = this.#get(tunnel.name);
    if (holding === undefined) {
      holding = new NameHolding(owner);
      this.#names.set(tunnel.name, holding);
      this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
    }
    if (!holding.served) this.#serving += 1;
    holding.add(tunnel, instance, replaced, ++this.#epoch);
  }

  /** `tunnel` is gone. Nothing happens when another instance has the name by now, or another session of the same serves it. */
  release(tunnel: Tunnel, how: Release): void {
    const holding = this.#names.get(tunnel.name);
    if (holding?.remove(tunnel) !== true || holding.served) return;
    this.#serving -= 1;
    if (how === "free") return this.#delete(tunnel.name, holding);
    holding.expected = how === "dropped";
    holding.until = this.#now() + SERVER_LIMITS.nameHold;
  }

  /** The tunnel for the next request to `name`; `away` while its client is expected back. */
  find(name: string): Tunnel | "away" | undefined {
    const holding = this.#get(name);
    return holding?.pick() ?? (holding?.expected === true ? "away" : undefined);
  }

  /** The tunnel of `name` whose client says, in `field`, that the request is a probe of its own. */
  probed(name: string, field: string): Tunnel | undefined {
    return this.#get(name)?.probed(field);
  }

  /** Names that are served now. */
  get tunnels(): number {
    return this.#serving;
  }

  /** Forgets names whose owners did not come back, and looks after the others. To be called about once a second. */
  sweep(): void {
    for (const name of this.#names.keys()) this.#get(name)?.watch();
  }

  #get(name: string): NameHolding | undefined {
    const holding = this.#names.get(name);
    if (holding === undefined || holding.until > this.#now()) return holding;
    this.#delete(name, holding);
    return undefined;
  }

  #delete(name: string, { owner }: NameHolding): void {
    this.#names.delete(name);
    const count = (this.#counts.get(owner) ?? 0) - 1;
    if (count > 0) this.#counts.set(owner, count);
    else this.#counts.delete(owner);
  }
}
