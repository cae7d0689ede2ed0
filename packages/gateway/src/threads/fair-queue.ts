/** Items that wait, of several owners: each owner gets its turn, and at most `most` items wait together. */
export class FairQueue<Item> {
  readonly #most: number;
  readonly #onDropped: (item: Item) => void;
  /** Of the owners with items; the one whose turn is next is first. */
  readonly #queues = new Map<string, Set<Item>>();
  #size = 0;

  /** @param onDropped called with an item that makes room for that of an owner with fewer items */
  constructor(most: number, onDropped: (item: Item) => void) {
    this.#most = most;
    this.#onDropped = onDropped;
  }

  /** @returns whether the item waits: there is room, or another owner has more items and its newest one made room */
  add(owner: string, item: Item): boolean {
    const own = this.#queues.get(owner);
    if (this.#size >= this.#most && !this.#makeRoom(own?.size ?? 0)) return false;
    if (own === undefined) this.#queues.set(owner, new Set([item]));
    else own.add(item);
    this.#size++;
    return true;
  }

  /** The next item; undefined if none waits. */
  take(): Item | undefined {
    for (const [owner, queue] of this.#queues) {
      const [item] = queue;
      // Its next turn comes after those of all others.
      this.#queues.delete(owner);
      this.#queues.set(owner, queue);
      this.delete(owner, item as Item);
      return item;
    }
    return undefined;
  }

  delete(owner: string, item: Item): void {
    const queue = this.#queues.get(owner);
    if (queue?.delete(item) !== true) return;
    this.#size--;
    if (queue.size === 0) this.#queues.delete(owner);
  }

  #makeRoom(own: number): boolean {
    let [owner, longest] = ["", new Set<Item>()];
    for (const [each, queue] of this.#queues) if (queue.size > longest.size) [owner, longest] = [each, queue];
    if (longest.size <= own + 1) return false;
    const newest = [...longest].at(-1) as Item;
    this.delete(owner, newest);
    this.#onDropped(newest);
    return true;
  }
}
