/** Items that are sorted or moved at once: well below a millisecond of work. */
const SLICE = 4_096;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Sorts many items in slices, so that other requests are served in between. */
export async function sortSlowly<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Promise<Item[]> {
  let runs: Item[][] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    runs.push(items.slice(at, at + SLICE).sort(compare));
    if (items.length > SLICE) await nextTurn();
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let n = 0; n < runs.length; n += 2) {
      const [one = [], other] = [runs[n], runs[n + 1]];
      merged.push(other === undefined ? one : await merge(one, other, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<Item>(
  one: readonly Item[],
  other: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Promise<Item[]> {
  const merged: Item[] = [];
  for (let first = 0, second = 0; merged.length < one.length + other.length;) {
    const takesFirst = second === other.length || (first < one.length && compare(one[first]!, other[second]!) <= 0);
    merged.push(takesFirst ? one[first++]! : other[second++]!);
    if (merged.length % SLICE === 0) await nextTurn();
  }
  return merged;
}
