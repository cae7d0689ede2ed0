import type { RoomShare, SharedRoom } from "./shared-room.js";

export interface KeptEntriesOptions {
  readonly most: number;
  /** Bounds the entries of several tables together. Default: this table is alone. */
  readonly room?: SharedRoom | undefined;
  /** The places of an entry in `room`. Default: 1. */
  readonly placesOf?: (key: string) => number;
}

/** What is known, by key. When there are too many entries, those that were added first are forgotten. */
export class KeptEntries<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #most: number;
  readonly #placesOf: (key: string) => number;
  #share: RoomShare | undefined;

  constructor({ most, room, placesOf = () => 1 }: KeptEntriesOptions) {
    this.#most = most;
    this.#placesOf = placesOf;
    this.#share = room?.share(() => this.forgetOldest());
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value that was added first. */
  get oldest(): Value | undefined {
    const [oldest] = this.#entries.values();
    return oldest;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** What is known is not needed, so a table without room does without it. */
  add(key: string, value: Value): void {
    if (!this.#entries.has(key) && this.#share?.add(this.#placesOf(key)) === false) return;
    this.#entries.set(key, value);
    if (this.#entries.size > this.#most) this.forgetOldest();
  }

  forget(key: string): void {
    if (this.#entries.delete(key)) this.#share?.remove(this.#placesOf(key));
  }

  /** @returns false if there is none */
  forgetOldest(): boolean {
    const [oldest] = this.#entries.keys();
    if (oldest === undefined) return false;
    this.forget(oldest);
    return true;
  }

  forgetAll(): void {
    while (this.forgetOldest());
  }

  /** The table is no longer used: it gives back its part of the room. */
  close(): void {
    this.#share?.close();
    this.#share = undefined;
  }
}
