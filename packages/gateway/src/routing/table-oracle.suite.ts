import { parseNetwork, NetworkList } from "@postern/net";
import type { PlainRequest } from "./routes.suite.js";
import type { RouteMatch } from "./route-match.js";
import { twinReadings } from "./readings-twin.suite.ts";

/** What a table has to find: the index of a route, or a fault. */
export type Expected = number | "unknown" | "path" | `method ${string}`;

/** Finds a route by trying all, in the documented order, for each reading of the path. */
export function expectedFinding(matches: readonly RouteMatch[], request: PlainRequest): Expected {
  const [path = "", query = ""] = request.path.split(/\?(.*)/s);
  if (/%00|%u0000|%c0%80|%e0%80%80/i.test(path)) return "path";
  const order = specificityOrder(matches);
  const found = order.find((index) => takes(matches[index]!, request, path, query, false));
  if (found === undefined) {
    const allowed = order.flatMap((index) => {
      const { methods, ...rest } = matches[index]!;
      return methods !== undefined && takes(rest, request, path, query, false) ? withHead(methods) : [];
    });
    return allowed.length === 0 ? "unknown" : `method ${[...new Set(allowed)].join(", ")}`;
  }
  if (!/[%;\\.]|\/\//.test(path)) return found;
  for (const reading of twinReadings(path).texts) {
    if (reading === path) continue;
    if (order.find((index) => takes(matches[index]!, request, reading, query, true)) !== found) return "path";
  }
  return found;
}

function specificityOrder(matches: readonly RouteMatch[]): number[] {
  return matches.map((_, index) => index).sort((one, other) => compare(matches[one]!, matches[other]!) || one - other);
}

/** The index of the first route in the list that takes a request; its path has one reading. */
export function firstMatch(matches: readonly RouteMatch[], request: PlainRequest): number | undefined {
  const [path = "", query = ""] = request.path.split(/\?(.*)/s);
  const index = matches.findIndex((match) => takes(match, request, path, query, false));
  return index < 0 ? undefined : index;
}

function takes(match: RouteMatch, request: PlainRequest, path: string, query: string, isReading: boolean): boolean {
  const { method, host, address, fields } = request;
  if (match.host?.startsWith("*.") === true ? !host.endsWith(match.host.slice(1)) : (match.host ?? host) !== host)
    return false;
  if (!forms(match.path, isReading).some((form) => matchesPath(form, path))) return false;
  if (match.methods !== undefined && !withHead(match.methods).includes(method)) return false;
  for (const [name, value] of match.headers ?? []) {
    const actual = fields[name];
    if (actual === undefined || (value !== "*" && value !== actual)) return false;
  }
  for (const [name, value] of match.query ?? []) {
    const all = new URLSearchParams(query).getAll(name);
    if (all.length === 0 || (value !== "*" && all.some((actual) => actual !== value))) return false;
  }
  return match.clientIps?.some((entry) => new NetworkList([parseNetwork(entry)!]).has(address)) ?? true;
}

function forms(pattern: string, isReading: boolean): string[] {
  const upper = encodeURI(pattern);
  const lower = upper.replace(/%../g, (escape) => escape.toLowerCase());
  return [upper, lower, ...(isReading ? [Buffer.from(pattern).toString("latin1")] : [])];
}

function matchesPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith("/*")) return path === pattern;
  return path === pattern.slice(0, -2) || path.startsWith(pattern.slice(0, -1)) || pattern === "/*";
}

function withHead(methods: readonly string[]): string[] {
  return methods.includes("GET") && !methods.includes("HEAD") ? [...methods, "HEAD"] : [...methods];
}

function compare(one: RouteMatch, other: RouteMatch): number {
  const [mine, theirs] = [rank(one), rank(other)];
  const n = mine.findIndex((value, index) => value !== theirs[index]);
  return n < 0 ? 0 : theirs[n]! - mine[n]!;
}

function rank({ host, path, methods, headers, query, clientIps }: RouteMatch): number[] {
  const hostRank = host === undefined ? 0 : host.startsWith("*.") ? host.length : Infinity;
  const pathRank = path.endsWith("/*") ? encodeURI(path).length : Infinity;
  const single = (methods === undefined ? 0 : 1) + (clientIps === undefined ? 0 : 1);
  return [hostRank, pathRank, single + (headers?.size ?? 0) + (query?.size ?? 0)];
}
