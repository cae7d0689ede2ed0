import type { Mismatch } from "./conditions.js";
import { hostText, matchesHost } from "./host-pattern.js";
import { matchesPath, patternText } from "./path-pattern.js";
import { pathOf } from "./path-scan.js";
import type { RouteFault } from "./route-finding.js";
import type { RoutedRequest } from "./route-match.js";
import type { Rule } from "./rule.js";

/** Why a route of a table is chosen for a request, or none is. */
export interface RouteExplanation<T> {
  /** The value of the route; undefined with a fault. */
  readonly value: T | undefined;
  readonly fault: RouteFault | undefined;
  /** With the fault `method`: the methods that routes take. */
  readonly allowed: string;
  /** With the fault `path`. */
  readonly ambiguity: PathAmbiguity<T> | undefined;
  /** All routes, in the order in which they are tried. */
  readonly candidates: readonly RouteCandidate<T>[];
}

/** Why a path is refused. */
export type PathAmbiguity<T> =
  /** It contains NUL when it is decoded. */
  | { readonly kind: "nul" }
  /** It is too long for the number of ways in which it can be read. */
  | { readonly kind: "readings" }
  /** Some servers read it as `path`, which another route takes, or none. */
  | { readonly kind: "reading"; readonly path: string; readonly value: T | undefined };

export interface RouteCandidate<T> {
  readonly value: T;
  /** The position in the list of routes. */
  readonly index: number;
  /** The host and the path that it takes, in canonical form; the host is `*` for every host. */
  readonly host: string;
  readonly path: string;
  /**
   * - `first`: the first that takes the request, by its path as received
   * - `later`: it takes the request too, but is less specific
   * - `no`: it does not take the request
   */
  readonly takes: "first" | "later" | "no";
  /** Why it does not take the request. */
  readonly mismatches: readonly RouteMismatch[];
}

/** What a route requires, and the request does not have. */
export type RouteMismatch = { readonly kind: "host" | "path"; readonly expected: string } | Mismatch;

/** @param rules in the order in which they are tried */
export function candidatesOf<T>(rules: readonly Rule<T>[], request: RoutedRequest): RouteCandidate<T>[] {
  const requested = pathOf(request.path);
  let isTaken = false;
  return rules.map(({ value, index, host, path, conditions }) => {
    const mismatches: RouteMismatch[] = [];
    if (!matchesHost(host, request.host)) mismatches.push({ kind: "host", expected: hostText(host) });
    if (!matchesPath(path, requested)) mismatches.push({ kind: "path", expected: patternText(path) });
    mismatches.push(...conditions.mismatches(request));
    const takes = mismatches.length > 0 ? "no" : isTaken ? "later" : "first";
    isTaken ||= takes === "first";
    return { value, index, host: hostText(host), path: patternText(path), takes, mismatches };
  });
}
