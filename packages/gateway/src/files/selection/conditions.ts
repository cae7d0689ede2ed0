import { Field, type FileRequest } from "../../http/index.js";
import { listsTag } from "../../negotiation/entity-tag.js";
import { parseHttpDate } from "./http-date.js";

/** What identifies the version of a representation. */
export interface Validators {
  /** With its quotes; a weak one begins with `W/`. */
  readonly etag: string;
  /** Seconds since 1970. */
  readonly modified: number;
}

/**
 * Evaluates the conditions of a GET or HEAD request in the order of RFC 9110, section 13.2.2. A malformed condition is
 * ignored, except If-Match: it protects against a wrong version, so it fails.
 * @returns 200: the request is to be performed; 304 or 412: the status of the response instead
 */
export function evaluateConditions(request: FileRequest, { etag, modified }: Validators): 200 | 304 | 412 {
  const match = request.fieldValues(Field.condition, "if-match");
  if (match !== "") {
    if (listsTag(match, etag, true) !== true) return 412;
  } else {
    const since = dateIn(request, "if-unmodified-since");
    if (since !== undefined && modified > since) return 412;
  }
  const noneMatch = request.fieldValues(Field.condition, "if-none-match");
  if (noneMatch !== "") return listsTag(noneMatch, etag, false) === true ? 304 : 200;
  const since = dateIn(request, "if-modified-since");
  return since !== undefined && modified <= since ? 304 : 200;
}

/** Whether the Range of a request applies: there is one, and the version that If-Range names is the current one. */
export function rangeOf(request: FileRequest, { etag, modified }: Validators): string | undefined {
  if (request.method !== "GET") return undefined;
  const range = request.fieldValue("range", Field.condition);
  if (range === "") return undefined;
  const version = request.fieldValues(Field.condition, "if-range");
  if (version === "") return range;
  // While the tag is weak, the file can change without a later date: the date is weak too (RFC 9110, section 13.1.5).
  if (etag.startsWith("W/")) return undefined;
  const isCurrent = version.includes('"') ? version === etag : parseHttpDate(version) === modified;
  return isCurrent ? range : undefined;
}

function dateIn(request: FileRequest, name: string): number | undefined {
  return parseHttpDate(request.fieldValue(name, Field.condition));
}
