/**
 * Finds tables of routes that find another route than trying all routes in order, for every reading of the path; and
 * lists for which the comparison of first match and most specific match shows a wrong example. Tables and requests are
 * random; a failing one is shrunk and printed.
 *     node packages/gateway/fuzz/routes.ts [--tables 100000] [--seconds 900] [--seed N]
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { orderDifferences, RouteTable } from "../dist/routing/index.js";
import { matches, requests, routed } from "../src/routing/routes.suite.ts";
import { expectedFinding, firstMatch } from "../src/routing/table-oracle.suite.ts";

const { values: options } = parseArgs({
  options: {
    tables: { type: "string", default: "100000" },
    seconds: { type: "string", default: "900" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});

/** Tables between two reads of the clock. */
const TURN = 500;

const tables = fc.array(matches, { maxLength: 12 });
const asked = fc.array(requests, { minLength: 4, maxLength: 4 });

const property = fc.property(tables, asked, (list, all) => {
  const table = new RouteTable(list.map((match, value) => ({ match, value })));
  for (const request of all) {
    const { value, fault, allowed } = table.find(routed(request));
    const found = fault === undefined ? value : fault === "method" ? `method ${allowed}` : fault;
    const expected = expectedFinding(list, request);
    if (found !== expected) throw new Error(`${JSON.stringify(request)}\n  finds ${found}, not ${expected}`);
  }
  for (const { first, mostSpecific, example } of orderDifferences(list)) {
    const request = { ...example, fields: Object.fromEntries(example.headers) };
    if (firstMatch(list, request) !== first || expectedFinding(list, request) !== mostSpecific)
      throw new Error(`${JSON.stringify(request)}\n  does not show that ${first} and ${mostSpecific} differ`);
  }
});

const deadline = performance.now() + Number(options.seconds) * 1_000;
let seed = Number(options.seed);
let seen = 0;
while (process.exitCode === undefined && seen < Number(options.tables) && performance.now() < deadline) {
  const result = fc.check(property, { seed, numRuns: Math.min(TURN, Number(options.tables) - seen) });
  seen += result.numRuns;
  if (result.failed) {
    console.error(`found with --seed ${seed}, after ${seen} tables`);
    console.error(`  ${JSON.stringify(result.counterexample, withMaps)}`);
    console.error(`  ${result.errorInstance instanceof Error ? result.errorInstance.message : ""}`);
    process.exitCode = 1;
  }
  seed++;
}
if (process.exitCode === undefined) console.log(`${seen} tables of routes, nothing found`);

function withMaps(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
