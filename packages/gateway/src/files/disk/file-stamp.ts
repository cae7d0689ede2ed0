import type { BigIntStats } from "node:fs";

/** What is known of a file. */
export type FileStats = Pick<
  BigIntStats,
  "dev" | "ino" | "size" | "nlink" | "mtimeNs" | "ctimeNs" | "mtimeMs" | "ctimeMs"
>;

/** The years 1 to 9999, in milliseconds since 1970: those that a date of HTTP can name. */
const EARLIEST = -62_135_596_800_000;
const LATEST = 253_402_300_799_999;
/** The largest step of the times of a file system, in milliseconds. */
const COARSEST = 2_000;

/** When a file was modified, in milliseconds since 1970. A time that no date can name becomes the nearest one. */
export function modifiedOf({ mtimeMs }: FileStats): number {
  return Math.min(Math.max(Number(mtimeMs), EARLIEST), LATEST);
}

/** When a file was changed last: its bytes, its name or its rights. In milliseconds since 1970. */
export function changedOf({ ctimeMs }: FileStats): number {
  return Number(ctimeMs);
}

/**
 * Whether a file that is changed again after `at` can keep its stamp. The times of some file systems have steps of two
 * seconds, and programs can set `modified`, but not `changed`.
 * @param at milliseconds since 1970
 */
export function isYoung({ modified, changed }: { modified: number; changed: number }, at: number): boolean {
  return changed > at - COARSEST || Math.abs(modified - at) < COARSEST;
}

/** A text that changes whenever the file changes, or is another one. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: FileStats): string {
  // In one piece. A template keeps its pieces, and many stamps are kept.
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/** Whether the same open file has the same stamp. */
export function isSameVersion(before: FileStats, after: FileStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
}

/** The device and inode in a stamp. */
export function identityOf(stamp: string): string {
  return stamp.slice(0, stamp.indexOf(":", stamp.indexOf(":") + 1));
}

/**
 * What happened to the content of a file that stayed open. If its name is given to another file, it loses a link, and
 * only its ctime changes.
 */
export function changeOf(before: FileStats, after: FileStats): "none" | "grown" | "other" {
  if (after.size > before.size) return "grown";
  const isSame = before.size === after.size && before.mtimeNs === after.mtimeNs;
  return isSame && (before.ctimeNs === after.ctimeNs || before.nlink !== after.nlink) ? "none" : "other";
}
