/** One entity tag of a list, weak or strong (RFC 9110, section 8.8.3). */
const TAG = /^[\t ]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?:,|$)/;

/**
 * Whether a list of entity tags (If-Match, If-None-Match) contains `etag`. The list of all tags is `*`.
 * @param isStrong whether weak tags never match
 * @returns undefined if the list is malformed
 */
export function listsTag(list: string, etag: string, isStrong: boolean): boolean | undefined {
  if (/^[\t ]*\*[\t ]*$/.test(list)) return true;
  const wanted = opaque(etag);
  const mayMatch = !isStrong || wanted === etag;
  let rest = list;
  let isListed = false;
  while (rest !== "") {
    const match = TAG.exec(rest);
    if (match === null) {
      // An element of a list may be empty.
      const empty = /^[\t ]*,/.exec(rest);
      if (empty === null) return /^[\t ]*$/.test(rest) ? isListed : undefined;
      rest = rest.slice(empty[0].length);
      continue;
    }
    const [whole, weak, tag] = match;
    if (mayMatch && tag === wanted && !(isStrong && weak !== undefined)) isListed = true;
    rest = rest.slice(whole.length);
  }
  return isListed;
}

/** A tag without its mark of weakness. */
function opaque(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}
