import { readTags } from "../../negotiation/entity-tag.js";
import type { CodingName } from "./coding.js";

const STRONG = /^"([\x21\x23-\x7e\x80-\xff]*)"$/;
const WEAK = /^W\/"[\x21\x23-\x7e\x80-\xff]*"$/;
const MARKED = /^W\/"([\x21\x23-\x7e\x80-\xff]*)\.postern-(zstd|br|gzip)"$/;

/**
 * The entity tag of a compressed response. A strong tag stands for the bytes without compression, so it becomes a weak
 * one that names the coding. A weak tag is that of all codings.
 * @param etag of the target
 * @returns undefined if `etag` is malformed
 */
export function markedTag(etag: string, coding: CodingName): string | undefined {
  const strong = STRONG.exec(etag);
  if (strong !== null) return `W/"${strong[1]}.postern-${coding}"`;
  return WEAK.test(etag) ? etag : undefined;
}

/** A list of entity tags whose marks were undone. */
export interface UnmarkedTags {
  /** The list for the target, which knows only its own tags. */
  readonly list: string;
  /** The coding that was marked, by the tag of the target. */
  readonly codings: ReadonlyMap<string, CodingName>;
}

/**
 * Undoes the marks in the value of If-Match or If-None-Match. The tags become strong again, because If-Match does not
 * match weak ones.
 * @param codings whose marks are undone, the best one first
 * @returns undefined if there are none, or the list is malformed
 */
export function unmarkedTags(list: string, codings: readonly CodingName[]): UnmarkedTags | undefined {
  if (!list.includes(".postern-")) return undefined;
  const tags = readTags(list);
  if (tags === undefined) return undefined;
  const undone = new Map<string, CodingName>();
  const all = tags.map((tag) => {
    const [, opaque, name] = MARKED.exec(tag) ?? [];
    const coding = codings.find((each) => each === name);
    if (coding === undefined) return tag;
    const own = `"${opaque}"`;
    const before = undone.get(own);
    if (before === undefined || codings.indexOf(coding) < codings.indexOf(before)) undone.set(own, coding);
    return own;
  });
  return undone.size === 0 ? undefined : { list: [...new Set(all)].join(", "), codings: undone };
}
