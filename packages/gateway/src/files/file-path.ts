import { percentDecoded } from "../http/latin1.js";

const WINDOWS = process.platform === "win32";
/** On Windows these separate names, or select something else than the file: a drive, a stream, a device, a wildcard. */
const NOT_IN_WINDOWS_NAMES = /[\\:*?"<>|]|[. ](?:\/|$)/;
const MALFORMED_ESCAPE = /%(?![0-9a-f]{2})/i;
const SLASHES_OR_NUL = /%2f|%00/i;
const DOT = 0x2e;
const SLASH = 0x2f;
const PERCENT = 0x25;
const QUESTION = 0x3f;

/** The folder of well-known addresses (RFC 8615): certificate authorities and apps read files in it. */
const WELL_KNOWN = "/.well-known/";

/**
 * The path of a file in a root: percent-decoded once, one character for each byte.
 * @param target path and query of a request, bytes in Latin-1
 * @returns undefined if no file can have it: it has an empty segment, `.` or `..` as a segment, an encoded slash or
 *   NUL, or a malformed escape. A path that ends with a slash is that of a folder.
 */
export function filePath(target: string): string | undefined {
  let hasEscapes = false;
  let end = 0;
  for (; end < target.length; end++) {
    const code = target.charCodeAt(end);
    if (code === QUESTION) break;
    if (code === PERCENT) hasEscapes = true;
  }
  const path = end === target.length ? target : target.slice(0, end);
  if (hasEscapes && (MALFORMED_ESCAPE.test(path) || SLASHES_OR_NUL.test(path))) return undefined;
  const decoded = hasEscapes ? percentDecoded(path) : path;
  if (decoded.charCodeAt(0) !== SLASH || hasEmptyOrDotSegment(decoded)) return undefined;
  return WINDOWS && NOT_IN_WINDOWS_NAMES.test(decoded) ? undefined : decoded;
}

/** Whether a segment before the last is empty, or any is `.` or `..`. */
function hasEmptyOrDotSegment(path: string): boolean {
  let start = 1;
  for (let at = 1; at <= path.length; at++) {
    if (at < path.length && path.charCodeAt(at) !== SLASH) continue;
    const length = at - start;
    if (length === 0 && at < path.length) return true;
    if (length === 1 && path.charCodeAt(start) === DOT) return true;
    if (length === 2 && path.charCodeAt(start) === DOT && path.charCodeAt(start + 1) === DOT) return true;
    start = at + 1;
  }
  return false;
}

/** Whether a name in the path begins with a dot. `/.well-known/` at its beginning does not count. */
export function isHidden(path: string): boolean {
  return path.includes("/.", path.startsWith(WELL_KNOWN) ? WELL_KNOWN.length - 1 : 0);
}

/** The part of the path after the last dot of its last name, in lower case; empty if there is none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}
