import { parseAuthority } from "../http/index.js";
import { parsePathPattern } from "./path-pattern.js";
import { pathEnd } from "./path-scan.js";
import { PathTemplate } from "./path-template.js";
import type { RouteMatch } from "./route-match.js";

/** A location that a browser resolves on the same host, or an absolute one. Only visible ASCII (RFC 3986). */
const SAFE = /^(?:\/(?![/\\])|https?:\/\/[^/\\?#])[!-~]*$/i;
/** Parts of a template: scheme and authority, and what follows. */
const ABSOLUTE = /^(https?:\/\/)((?:[^/?#{]|\{host\})*)(.*)$/is;

/**
 * The location of a route's redirects, from a template: a path or an absolute URL with placeholders. `{path}` is the
 * request's path, `{rest}` what follows the route's prefix, with its slash, `{query}` the query with `?`, and `{host}`
 * the requested host. The query is kept if the template contains neither `?` nor `{query}`.
 * @returns a function that returns the location for a request; undefined for one whose location would name another host
 *   or leave the template's folder
 * @throws RangeError for a template that is not valid.
 */
export function redirectLocation(
  match: RouteMatch,
  to: string,
): (request: { readonly host: string; readonly path: string }) => string | undefined {
  checkTarget(match, to);
  const fragment = to.indexOf("#") < 0 ? to.length : to.indexOf("#");
  const template = new PathTemplate(to.slice(0, fragment), ["host", "path", "rest", "query"]);
  const section = new PathTemplate(to.slice(fragment), []).fill({});
  const prefixLength = parsePathPattern(match.path).text.length;

  return ({ host, path: target }) => {
    const end = pathEnd(target);
    const path = target === "*" ? "/" : target.slice(0, end);
    const query = target.slice(end);
    const values = { host, path, rest: path.slice(prefixLength), query };
    if (template.letsClimb(values)) return undefined;
    const filled = template.fill(values);
    const location = (filled === "" || filled.startsWith("?") ? "/" : "") + filled;
    const whole = location + (template.hasQuery ? "" : query) + section;
    return SAFE.test(whole) ? whole : undefined;
  };
}

/** @throws RangeError unless the beginning of the template alone decides which host a location names. */
function checkTarget({ host }: RouteMatch, to: string): void {
  if (to.includes("{host}") && host === undefined) {
    throw new RangeError(
      `The redirect ${JSON.stringify(to)} contains {host}, and the route takes requests for every host. Give it a \`host\`.`,
    );
  }
  const absolute = ABSOLUTE.exec(to);
  if (absolute === null) {
    if (/^(\/(?![/\\])|\{path\}|\{rest\}(?=$|[/?#{]))/.test(to)) return;
    throw new RangeError(
      `The redirect ${JSON.stringify(to)} must begin with one /, or with http:// or https:// and a host.`,
    );
  }
  const [, , authority = "", rest = ""] = absolute;
  if (
    parseAuthority(authority.replaceAll("{host}", "host")) === undefined ||
    !/^($|[/?#]|\{(path|rest|query)\})/.test(rest)
  ) {
    throw new RangeError(`The redirect ${JSON.stringify(to)} does not name a host, such as https://a.example{path}.`);
  }
}
