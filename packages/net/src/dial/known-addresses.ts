import { isIP } from "node:net";
import { hostAddresses, isLoopbackName, LOOPBACK_ADDRESSES, type Lookup } from "./host-addresses.js";

/** How long resolved addresses are used, in milliseconds. A failed dial ends this time. */
const KEPT = 10_000;

/**
 * The addresses of a host that is dialled again and again. The address that accepted the last connection comes first,
 * so that another one that does not answer costs time only once. When the name cannot be resolved again, the last
 * addresses are used.
 */
export class KnownAddresses {
  readonly #host: string;
  readonly #lookup: Lookup | undefined;
  readonly #now: () => number;
  #addresses: readonly string[] | undefined;
  #expiresAt = Infinity;
  /** Calls that wait for the lookup in progress; undefined: there is none. */
  #waiting: ((addresses: readonly string[] | Error) => void)[] | undefined;

  /**
   * @param lookup default: the system's resolver
   * @param now the time in milliseconds
   */
  constructor(host: string, lookup?: Lookup, now = (): number => performance.now()) {
    this.#host = host;
    this.#lookup = lookup;
    this.#now = now;
    if (isIP(host) > 0) this.#addresses = [host];
    else if (isLoopbackName(host)) this.#addresses = LOOPBACK_ADDRESSES;
  }

  /** Passes the addresses to `use`, or the error: at once if they are known, otherwise when they are resolved. */
  get(use: (addresses: readonly string[] | Error) => void): void {
    if (this.#addresses !== undefined && this.#now() < this.#expiresAt) return use(this.#addresses);
    if (this.#waiting !== undefined) return void this.#waiting.push(use);
    this.#waiting = [use];
    hostAddresses(this.#host, this.#lookup).then(
      (found) => this.#resolved(found.length === 0 ? noAddress() : found),
      (error: Error) => this.#resolved(error),
    );
  }

  /** `address` has accepted a connection. */
  prefer(address: string): void {
    const addresses = this.#addresses;
    if (addresses === undefined || addresses[0] === address || !addresses.includes(address)) return;
    this.#addresses = [address, ...addresses.filter((other) => other !== address)];
  }

  /** No address has accepted a connection: the name may have moved. */
  distrust(): void {
    if (this.#expiresAt < Infinity) this.#expiresAt = -Infinity;
  }

  #resolved(found: readonly string[] | Error): void {
    const last = this.#addresses?.[0];
    const isError = found instanceof Error;
    if (!isError) {
      this.#addresses = found;
      if (last !== undefined) this.prefer(last);
    }
    // After an error, the next dial tries again.
    this.#expiresAt = this.#now() + (isError ? 0 : KEPT);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    const result = this.#addresses ?? (found as Error);
    for (const use of waiting) use(result);
  }
}

function noAddress(): Error {
  return Object.assign(new Error("no address"), { code: "ENODATA" });
}
