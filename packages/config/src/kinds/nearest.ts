/** Returns the word that `given` most likely misspells, or undefined if none is close. */
export function nearest(given: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.floor(given.length / 2)) + 1;
  for (const word of words) {
    if (Math.abs(word.length - given.length) >= least) continue;
    const distance = editDistance(given, word);
    if (distance < least) [best, least] = [word, distance];
  }
  return best;
}

/** Edit distance with insertion, deletion, substitution and transposition of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let distance = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        distance = Math.min(distance, before[column - 2]! + 1);
      next.push(distance);
    }
    [before, last] = [last, next];
  }
  return last[b.length]!;
}
