/** The number of slots of an index that holds its first member. A power of two. */
const SMALLEST = 8;

/**
 * Finds members by their id: a hash table with open addressing, at most half full.
 *
 * It is not a Map, because of V8's garbage collector. A Map that gains and loses members gets a new table again and
 * again, and each old table refers to its members and to the next table. An old table that has lived for a while is
 * only collected by a full collection. Until then, it keeps all members since, and every collection of young objects
 * has to copy them.
 */
export class IdIndex<T extends { readonly id: number }> {
  /** A member is in the slot of its id, or in the first free one after it. */
  #slots: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** All members by now, in the order of their ids. */
  all(): T[] {
    return this.#slots.filter((member) => member !== undefined).sort((one, other) => one.id - other.id);
  }

  find(id: number): T | undefined {
    const slots = this.#slots;
    if (slots.length === 0) return undefined;
    return slots[this.#slotOf(id)];
  }

  /** Adds `member`, whose id no member has. */
  add(member: T): void {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(member.id)] = member;
    this.#size += 1;
  }

  /** Removes the member with this id, if there is one. */
  remove(id: number): void {
    const slots = this.#slots;
    if (this.find(id) === undefined) return;
    let free = this.#slotOf(id);
    // Members that were pushed beyond the slot move back, so that they are found without the removed one.
    for (let at = this.#after(free), next = slots[at]; next !== undefined; at = this.#after(at), next = slots[at]) {
      const home = this.#home(next.id);
      if (this.#distance(home, at) < this.#distance(free, at)) continue;
      slots[free] = next;
      free = at;
    }
    slots[free] = undefined;
    this.#size -= 1;
  }

  /** The slot of the member with this id, or the one where it would be added. */
  #slotOf(id: number): number {
    const slots = this.#slots;
    let at = this.#home(id);
    for (let found = slots[at]; found !== undefined && found.id !== id; found = slots[at]) at = this.#after(at);
    return at;
  }

  /** Ids of one side are all even or all odd. */
  #home(id: number): number {
    return (id >>> 1) & (this.#slots.length - 1);
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }

  /** Slots from `from` forward to `to`. */
  #distance(from: number, to: number): number {
    return (to - from) & (this.#slots.length - 1);
  }

  #grow(): void {
    const members = this.#slots;
    this.#slots = Array.from({ length: Math.max(SMALLEST, 2 * members.length) }, () => undefined);
    for (const member of members) if (member !== undefined) this.#slots[this.#slotOf(member.id)] = member;
  }
}
