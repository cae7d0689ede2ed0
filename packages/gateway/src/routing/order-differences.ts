import { ExampleRequests, routedExample, type ExampleRequest } from "./example-request.js";
import { matchesHost } from "./host-pattern.js";
import { matchesPath } from "./path-pattern.js";
import { pathOf } from "./path-scan.js";
import type { RoutedRequest, RouteMatch } from "./route-match.js";
import { RouteTable } from "./route-table.js";
import { Rule } from "./rule.js";
import { compareSpecificity } from "./specificity.js";

/** Two routes of which the first in a list and the most specific take some request. */
export interface OrderDifference {
  /** The index of the first route in the list that takes the example. */
  readonly first: number;
  /** The index of the most specific one, which comes later. */
  readonly mostSpecific: number;
  readonly example: ExampleRequest;
}

/**
 * Finds every pair of routes that are chosen for one request when the first route in the list wins, and when the most
 * specific wins. There is a request for each pair, and no pair is missing.
 * @throws RangeError that says what in a route is not valid.
 */
export function orderDifferences(matches: readonly RouteMatch[]): OrderDifference[] {
  const rules = matches.map((match, index) => new Rule(match, undefined, index));
  const table = new RouteTable(matches.map((match, value) => ({ match, value })));
  const examples = new ExampleRequests(rules);
  const differences: OrderDifference[] = [];
  for (const first of rules) {
    for (const mostSpecific of rules.slice(first.index + 1)) {
      if (compareSpecificity(mostSpecific, first) > 0) continue;
      for (const example of examples.meeting(first, mostSpecific)) {
        const request = routedExample(example);
        if (table.find(request).value !== mostSpecific.index || firstMatch(rules, request) !== first) continue;
        differences.push({ first: first.index, mostSpecific: mostSpecific.index, example });
        break;
      }
    }
  }
  return differences;
}

function firstMatch(rules: readonly Rule<unknown>[], request: RoutedRequest): Rule<unknown> | undefined {
  const path = pathOf(request.path);
  return rules.find(
    ({ host, path: pattern, conditions }) =>
      matchesHost(host, request.host) && matchesPath(pattern, path) && conditions.allows(request),
  );
}
