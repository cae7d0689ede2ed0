import { networkInterfaces } from "node:os";

/** Milliseconds between two checks. */
const INTERVAL = 1_000;
/** A check that is this late, in milliseconds, shows that the machine slept or that its clock was set. */
const SLEEP_THRESHOLD = 5_000;

/** A change of this machine: it woke up, or its network changed. */
export type HostChange = "wakeup" | "network";

/** The state of the machine that the monitor reads. */
export interface HostState {
  /** The time of day in milliseconds, which continues while the machine sleeps. */
  clock(): number;
  /** The machine's addresses as one text; undefined when they cannot be read. */
  addresses(): string | undefined;
  /** Calls `check` every `milliseconds`. Returns a function that stops it. It does not keep the process alive. */
  every(milliseconds: number, check: () => void): () => void;
}

/** Detects that the machine woke up or that its network changed. It checks only while it has a listener. */
export class NetworkMonitor {
  readonly #host: HostState;
  readonly #listeners = new Set<(change: HostChange) => void>();
  #stop: (() => void) | undefined;
  #checkedAt = 0;
  #addresses: string | undefined;

  constructor(host: HostState) {
    this.#host = host;
  }

  /** Calls `listener` with every change. Returns a function that removes the listener. */
  listen(listener: (change: HostChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.#stop === undefined) {
      this.#checkedAt = this.#host.clock();
      this.#addresses = this.#host.addresses();
      this.#stop = this.#host.every(INTERVAL, () => this.#check());
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #check(): void {
    const now = this.#host.clock();
    const slept = now - this.#checkedAt > INTERVAL + SLEEP_THRESHOLD;
    this.#checkedAt = now;
    const addresses = this.#host.addresses() ?? this.#addresses;
    const moved = addresses !== this.#addresses;
    this.#addresses = addresses;
    if (slept) this.#notify("wakeup");
    // The loss of the network is not reported, because a retry without a network cannot succeed.
    else if (moved && addresses !== "") this.#notify("network");
  }

  #notify(change: HostChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The monitor of this process. */
export const networkMonitor = new NetworkMonitor({
  clock: () => Date.now(),
  addresses() {
    try {
      return Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
        .map(({ address }) => address)
        .toSorted()
        .join(" ");
    } catch {
      // Reading the interfaces needs a file descriptor, and there may be none left.
      return undefined;
    }
  },
  every(milliseconds, check) {
    const timer = setInterval(check, milliseconds).unref();
    return () => clearInterval(timer);
  },
});
