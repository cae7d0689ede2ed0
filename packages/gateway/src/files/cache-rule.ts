import { extensionOf } from "./file-path.js";

const IMMUTABLE = "public, max-age=31536000, immutable";
/** Lower-case hexadecimal digits, or the eight characters of current bundlers, between separators of a name. */
const HASH = /[.-](?:([0-9a-f]{8,64})|([\w]{8}))(?:\.[a-z][\w-]*)+$/;
/** Numbers (a date), and words with a number after them, are no hashes. */
const NO_HASH = /^(?:\d+|[A-Z]?[a-z]+\d*|[A-Z]+\d*)$/;
const PAGES = new Set(["html", "htm", "xhtml"]);

/** The Cache-Control of a file. @param isImmutable whether a file with a content hash in its name never changes */
export function cacheControlOf(path: string, usual: string, isImmutable: boolean): string {
  return isImmutable && hasContentHash(path) ? IMMUTABLE : usual;
}

/** Whether a name contains a hash of the content, such as `app.3f9c2b1d.js` and `index-DiwrgTda.js`. */
export function hasContentHash(path: string): boolean {
  if (PAGES.has(extensionOf(path))) return false;
  const match = HASH.exec(path.slice(path.lastIndexOf("/") + 1));
  return match !== null && !NO_HASH.test((match[1] ?? match[2])!);
}
