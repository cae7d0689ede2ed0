import { networkInterfaces } from "node:os";

/** How often it is looked, in milliseconds. */
const LOOK = 1_000;
/** A look that comes so much too late means that the machine slept, or that its clock was set, in milliseconds. */
const GAP = 5_000;

/** What has happened around us. */
export type Change = "the machine woke up" | "the network has changed";

/** What is looked at. */
export interface Senses {
  /** The time of day in milliseconds: it goes on while the machine sleeps. */
  clock(): number;
  /** The addresses of this machine, as one text; undefined when it cannot be said. */
  addresses(): string | undefined;
  /** Calls `look` every so many milliseconds; returns what ends that. It keeps no process alive. */
  every(milliseconds: number, look: () => void): () => void;
}

/** Notices when the machine wakes up, or gets another network, and tells whoever wants to know. It looks only while somebody does. */
export class Surroundings {
  readonly #senses: Senses;
  readonly #listeners = new Set<(change: Change) => void>();
  #stop: (() => void) | undefined;
  #lookedAt = 0;
  #addresses: string | undefined;

  constructor(senses: Senses) {
    this.#senses = senses;
  }

  /** Returns what ends it. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    if (this.#stop === undefined) {
      this.#lookedAt = this.#senses.clock();
      this.#addresses = this.#senses.addresses();
      this.#stop = this.#senses.every(LOOK, () => this.#look());
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #look(): void {
    const now = this.#senses.clock();
    const slept = now - this.#lookedAt > LOOK + GAP;
    this.#lookedAt = now;
    const addresses = this.#senses.addresses() ?? this.#addresses;
    const moved = addresses !== this.#addresses;
    this.#addresses = addresses;
    if (slept) this.#tell("the machine woke up");
    // A network that is lost helps nobody; what listens finds out by itself.
    else if (moved && addresses !== "") this.#tell("the network has changed");
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Those of this process. */
export const surroundings = new Surroundings({
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
      // It takes a file descriptor, and there may be none left.
      return undefined;
    }
  },
  every(milliseconds, look) {
    const timer = setInterval(look, milliseconds).unref();
    return () => clearInterval(timer);
  },
});
