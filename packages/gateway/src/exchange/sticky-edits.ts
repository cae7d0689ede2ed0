import type { Candidate, PickContext } from "../balance/candidate.js";
import type { StickyCookie } from "../balance/sticky-cookie.js";
import type { ResponseEdits } from "./visitor-side.js";

/** Adds the cookie that names `target` to the edits of its response, if its visitor does not have it. */
export function stickyEdits(
  { lines }: ResponseEdits,
  { sticky, target }: { sticky: StickyCookie; target: Candidate | undefined },
  request: PickContext,
  isSecure: boolean,
): ResponseEdits {
  return { lines: target === undefined ? lines : lines + sticky.line(target, request, isSecure) };
}
