import { Conditions } from "./conditions.js";
import { type HostPattern, parseHostPattern } from "./host-pattern.js";
import { parsePathPattern, type PathPattern } from "./path-pattern.js";
import type { RoutedRequest, RouteMatch } from "./route-match.js";

/** A route of the table: which requests it takes, and its value. */
export class Rule<T> {
  readonly match: RouteMatch;
  readonly value: T;
  /** The position in the list of routes. */
  readonly index: number;
  readonly host: HostPattern;
  readonly path: PathPattern;
  readonly conditions: Conditions;
  readonly #isUnconditional: boolean;
  /** The look-up in which the conditions were last checked, and the result. */
  #lookup = 0;
  #result = false;

  /** @throws RangeError that says what in `match` is not valid. */
  constructor(match: RouteMatch, value: T, index: number) {
    this.match = match;
    this.value = value;
    this.index = index;
    this.host = parseHostPattern(match.host);
    this.path = parsePathPattern(match.path);
    this.conditions = new Conditions(match);
    this.#isUnconditional = this.conditions.count === 0;
  }

  /**
   * Whether a request, whose host and path match, meets the conditions. They are checked once in each look-up: a path
   * with several readings leads to the same rules again.
   */
  takes(request: RoutedRequest, lookup: number): boolean {
    if (this.#isUnconditional) return true;
    if (this.#lookup === lookup) return this.#result;
    this.#lookup = lookup;
    this.#result = this.conditions.allows(request);
    return this.#result;
  }
}
