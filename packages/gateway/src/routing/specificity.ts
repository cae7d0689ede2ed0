import type { HostPattern } from "./host-pattern.js";
import type { PathPattern } from "./path-pattern.js";
import type { Rule } from "./rule.js";

/**
 * The order in which routes are tried. The most specific route that takes a request wins:
 *
 * 1. Host: an exact host, then wildcards, the longest first, then every host.
 * 2. Path: an exact path, then prefixes, the longest first.
 * 3. Conditions: the route with more of them. `methods`, `client_ips`, every header and every query parameter count as
 *    one each.
 * 4. The position in the list: the first.
 *
 * If host and path of a route match and one of its conditions does not, the next route in this order is tried.
 * @returns a negative number if `one` is tried before `other`.
 */
export function compareSpecificity(one: Rule<unknown>, other: Rule<unknown>): number {
  return (
    hostRank(other.host) - hostRank(one.host) ||
    pathRank(other.path) - pathRank(one.path) ||
    other.conditions.count - one.conditions.count ||
    one.index - other.index
  );
}

/** Above the length of every host and path. */
const EXACT = 1e9;

function hostRank({ kind, name }: HostPattern): number {
  return kind === "exact" ? EXACT : name.length;
}

function pathRank({ isPrefix, text }: PathPattern): number {
  return isPrefix ? text.length : EXACT;
}
