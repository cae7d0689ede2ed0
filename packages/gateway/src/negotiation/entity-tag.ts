/** One entity tag of a list, weak or strong (RFC 9110, section 8.8.3). */
const TAG = /^[\t ]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?:,|$)/;

/** The tags of a list (If-Match, If-None-Match) other than `*`; undefined if it is malformed. */
export function readTags(list: string): string[] | undefined {
  const tags: string[] = [];
  let rest = list;
  while (rest !== "") {
    const match = TAG.exec(rest);
    if (match === null) {
      // An element of a list may be empty.
      const empty = /^[\t ]*,/.exec(rest);
      if (empty === null) return /^[\t ]*$/.test(rest) ? tags : undefined;
      rest = rest.slice(empty[0].length);
      continue;
    }
    const [whole, weak = "", tag = ""] = match;
    tags.push(weak + tag);
    rest = rest.slice(whole.length);
  }
  return tags;
}

/**
 * Whether a list of entity tags (If-Match, If-None-Match) contains `etag`. The list of all tags is `*`.
 * @param isStrong whether weak tags never match
 * @returns undefined if the list is malformed
 */
export function listsTag(list: string, etag: string, isStrong: boolean): boolean | undefined {
  if (/^[\t ]*\*[\t ]*$/.test(list)) return true;
  const tags = readTags(list);
  if (tags === undefined) return undefined;
  if (isStrong) return !etag.startsWith("W/") && tags.includes(etag);
  const wanted = opaque(etag);
  return tags.some((tag) => opaque(tag) === wanted);
}

/** A tag without its mark of weakness. */
function opaque(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}
