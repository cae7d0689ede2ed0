import { allAddresses, type Resolution } from "@postern/net";
import { SYSTEM_CLOCK, type Clock } from "../deadlines/clock.js";
import type { TargetSource } from "./pool.js";
import type { Target } from "./target.js";

/** Milliseconds until a name that could not be resolved is resolved again. */
const RETRY = 5_000;

export interface ResolvedOptions {
  host: string;
  /** Creates the target for one address, or for the host itself while it has not been resolved. */
  create: (address: string) => Target;
  /** Default: `allAddresses`. */
  resolve?: (host: string) => Promise<Resolution>;
  /** Default: `SYSTEM_CLOCK`. */
  clock?: Clock;
}

/**
 * A target for each address of a name. The name is resolved again when its addresses expire; the targets of addresses
 * that remain keep their connections. If that fails, the last addresses are used. Until it was resolved for the first
 * time, there is one target for the name.
 */
export class ResolvedTargets implements TargetSource {
  /** Another array after each change. */
  targets: readonly Target[];
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  #byAddress: ReadonlyMap<string, Target>;
  #expiresAt = -Infinity;
  #isResolving = false;
  #isClosed = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#byAddress = new Map([[options.host, options.create(options.host)]]);
    this.targets = [...this.#byAddress.values()];
    this.#resolve();
  }

  /** Resolves the name again if its addresses have expired. Call it about once a second. */
  sweep(now: number): void {
    for (const target of this.targets) target.sweep(now);
    if (now >= this.#expiresAt) this.#resolve();
  }

  /** There will be no other request. Those in progress continue. */
  close(): void {
    this.#isClosed = true;
    for (const { idle } of this.targets) idle.close();
  }

  #resolve(): void {
    const { host, resolve = allAddresses } = this.#options;
    if (this.#isResolving || this.#isClosed) return;
    this.#isResolving = true;
    const done = (lifetime: number): void => {
      this.#isResolving = false;
      this.#expiresAt = this.#clock.now() + lifetime;
    };
    resolve(host).then(
      ({ addresses, ttl }) => {
        done(ttl * 1_000);
        if (addresses.length > 0 && !this.#isClosed) this.#use(addresses);
      },
      () => done(RETRY),
    );
  }

  #use(addresses: readonly string[]): void {
    const before = this.#byAddress;
    if (addresses.length === before.size && addresses.every((address) => before.has(address))) return;
    const { create } = this.#options;
    this.#byAddress = new Map(addresses.map((address) => [address, before.get(address) ?? create(address)]));
    this.targets = [...this.#byAddress.values()];
    for (const [address, { idle }] of before) if (!this.#byAddress.has(address)) idle.close();
  }
}
