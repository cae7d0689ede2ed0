/** A member of the list. Only the list uses these fields. */
export abstract class OpenVisitor<V> {
  /** The members that were added just before and just after it. */
  older: V | undefined;
  newer: V | undefined;
}

/**
 * The visitors that are connected, the oldest first.
 *
 * It is a linked list and not a Set, because of V8's garbage collector. A Set that gains and loses members gets a new
 * table again and again, and each old table refers to its members and to the next table. An old table that has lived
 * for a while is only collected by a full collection. Until then, it keeps all visitors that have left since, and every
 * collection of young objects has to copy them.
 */
export class OpenVisitors<V extends OpenVisitor<V>> {
  #oldest: V | undefined;
  #newest: V | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(visitor: V): void {
    const newest = this.#newest;
    visitor.older = newest;
    if (newest === undefined) this.#oldest = visitor;
    else newest.newer = visitor;
    this.#newest = visitor;
    this.#size += 1;
  }

  /** Removes a visitor, which refers to no other one afterwards. Can be called twice. */
  remove(visitor: V): void {
    const { older, newer } = visitor;
    if (older === undefined && visitor !== this.#oldest) return;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    visitor.older = visitor.newer = undefined;
    this.#size -= 1;
  }

  /** The members, the oldest first. The current one may be removed meanwhile. */
  *[Symbol.iterator](): Generator<V> {
    for (let next = this.#oldest; next !== undefined;) {
      const visitor = next;
      next = visitor.newer;
      yield visitor;
    }
  }
}
