import { RouteTable } from "../../packages/gateway/dist/routing/index.js";
import { callRate } from "../measure/call-rate.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { line, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { interleave } from "../setups/setup.ts";
import { perSecond, ratio } from "../show.ts";

const SECONDS = 1;
const ROUTES = 1_000;
const HOSTS = 50;

/** Looks up the routes of requests, without the gateway, in a table of 1,000 routes and in one with a single route. */
export const routes: Row = {
  name: "routes",
  about: "the look-up of routes alone, look-ups/s, in 1,000 routes beside one",
  needs: [],
  limit: (settings) => 60 + (settings.rounds + 1) * 10 * duration(settings, SECONDS),
  run: async (_stage, settings) => [
    await compare(settings, "plain paths", (n) => `/service-${n}/v1/users/${n}?page=2`),
    await compare(settings, "paths with escapes", (n) => `/service-${n}/v1/caf%C3%A9%20${n}`),
  ],
};

async function compare(settings: Settings, what: string, pathOf: (n: number) => string): Promise<Line> {
  const seconds = duration(settings, SECONDS);
  const lookups = [ROUTES, 1].map((count) => lookup(count, pathOf));
  for (const each of lookups) callRate(each, seconds / 2);
  const rates = await interleave(lookups, settings.rounds, async (each) => callRate(each, seconds));
  const [many, one] = rates as [number[], number[]];
  const [slow, fast] = [1e9 / median(many), 1e9 / median(one)];
  return line({
    measure: `routes found in ${ROUTES.toLocaleString("en")}, ${what}`,
    product: perSecond(median(many)),
    yardstick: perSecond(median(one)),
    ratio: ratio(pairedRatio(many, one)),
    note: `the yardstick is a table with one route; ${slow.toFixed(0)} ns and ${fast.toFixed(0)} ns for each request`,
    raw: { many, one },
  });
}

/** Looks up the next of 1,000 requests at each call. */
function lookup(count: number, pathOf: (n: number) => string): () => void {
  const hostOf = (n: number): string => `host-${n % HOSTS}.example.com`;
  const rules = Array.from({ length: count - 1 }, (_, n) => ({
    match: { host: hostOf(n), path: `/service-${n}/v1/*` },
    value: n,
  }));
  const table = new RouteTable([...rules, { match: { path: "/*" }, value: -1 }]);
  const requests = Array.from({ length: ROUTES }, (_, n) => ({
    method: "GET",
    host: hostOf(n),
    path: pathOf(n),
    address: "192.0.2.1",
    fieldValue: () => "",
  }));
  let next = 0;
  return () => {
    if (table.find(requests[next]!).fault !== undefined) throw new Error("every request has a route");
    next = (next + 1) % ROUTES;
  };
}
