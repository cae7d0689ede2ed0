/** The part of a shared room that one table uses. */
export class RoomShare {
  /** Places in use. */
  size = 0;
  readonly #room: SharedRoom;
  readonly #forget: () => boolean;

  constructor(room: SharedRoom, forget: () => boolean) {
    this.#room = room;
    this.#forget = forget;
  }

  /** Takes places for a new entry. @returns false if there is no room: all other entries are in use */
  add(places = 1): boolean {
    return this.#room.take(this, places);
  }

  /** An entry is gone. */
  remove(places = 1): void {
    this.#room.release(this, places);
  }

  /** The table is no longer used. */
  close(): void {
    this.#room.release(this, this.size);
  }

  /** Makes the table forget the entry that matters least. @returns false if it has none to forget */
  forget(): boolean {
    return this.#forget();
  }
}

/**
 * Bounds the memory of many tables together. When it is full, a table with more than an equal share makes room, so that
 * a flood of entries in one table takes nothing from the tables that have fewer.
 */
export class SharedRoom {
  readonly most: number;
  #used = 0;
  /** Those with entries. */
  readonly #shares = new Set<RoomShare>();
  /** The share that made room last, which is likely to have more than the others. */
  #rich: RoomShare | undefined;

  /** @param most places of all tables together */
  constructor(most: number) {
    this.most = most;
  }

  /** Places in use. */
  get used(): number {
    return this.#used;
  }

  /** A table joins. @param forget makes it forget the entry that matters least, and returns whether it had one */
  share(forget: () => boolean): RoomShare {
    return new RoomShare(this, forget);
  }

  take(share: RoomShare, places: number): boolean {
    while (this.#used + places > this.most) if (!this.#makeRoom(share)) return false;
    this.#used += places;
    share.size += places;
    this.#shares.add(share);
    return true;
  }

  release(share: RoomShare, places: number): void {
    this.#used -= places;
    share.size -= places;
    if (share.size === 0) this.#shares.delete(share);
  }

  #makeRoom(asking: RoomShare): boolean {
    const equal = this.most / (this.#shares.size + (asking.size === 0 ? 1 : 0));
    if (asking.size > equal && asking.forget()) return true;
    const last = this.#rich;
    if (last !== undefined && last.size > equal && last.forget()) return true;
    for (const share of this.#shares) {
      if (share.size < equal || !share.forget()) continue;
      this.#rich = share;
      return true;
    }
    this.#rich = undefined;
    return false;
  }
}
