/** An insecure comparison for tests: it stops at the first difference, so its work reveals how much was right. */
export function equalsEarly(key: string, other: string): boolean {
  if (key.length !== other.length) return false;
  for (let at = 0; at < key.length; at++) if (key[at] !== other[at]) return false;
  return true;
}
