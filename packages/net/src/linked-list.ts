/** A member of a linked list, and of no other one. Only the list uses these fields. */
export abstract class Linked<T> {
  /** The members that were added just before and just after it. */
  older: T | undefined;
  newer: T | undefined;
}

/**
 * Objects that come and go, the oldest first.
 *
 * It replaces a Set because of V8's garbage collector. A Set or Map that gains and loses members gets a new table again
 * and again, and each old table refers to its members and to the next table. An old table that has lived for a while is
 * only collected by a full collection. Until then, it keeps all members since, and every collection of young objects
 * has to copy them.
 */
export class LinkedList<T extends Linked<T>> {
  oldest: T | undefined;
  #newest: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(member: T): void {
    const newest = this.#newest;
    member.older = newest;
    if (newest === undefined) this.oldest = member;
    else newest.newer = member;
    this.#newest = member;
    this.#size += 1;
  }

  /** Removes a member, which refers to no other one afterwards. Can be called twice. */
  remove(member: T): void {
    const { older, newer } = member;
    if (older === undefined && member !== this.oldest) return;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    member.older = member.newer = undefined;
    this.#size -= 1;
  }

  /** The members, the oldest first. The current one may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let next = this.oldest; next !== undefined;) {
      const member = next;
      next = member.newer;
      yield member;
    }
  }
}
