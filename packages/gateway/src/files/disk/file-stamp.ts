import type { BigIntStats } from "node:fs";

/** A text that changes whenever the file changes, or is another one. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/**
 * Whether a file that stayed open has the same content as before. If its name is given to another file, it loses a
 * link, and only its ctime changes.
 */
export function hasSameContent(before: BigIntStats, after: BigIntStats): boolean {
  const isSame = before.size === after.size && before.mtimeNs === after.mtimeNs;
  return isSame && (before.ctimeNs === after.ctimeNs || before.nlink !== after.nlink);
}
