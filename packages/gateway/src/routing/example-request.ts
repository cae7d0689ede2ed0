import {
  addressOutside,
  addressRange,
  ALL_ADDRESSES,
  isPart,
  sharedRange,
  type AddressRange,
} from "./address-range.js";
import { networkOf } from "./conditions.js";
import { coversHost } from "./host-pattern.js";
import { coversPath } from "./path-pattern.js";
import { bytesOf } from "./query-parameters.js";
import type { RoutedRequest } from "./route-match.js";
import type { Rule } from "./rule.js";

/** A request that shows which route is chosen. */
export interface ExampleRequest {
  readonly method: string;
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  /** The visitor's. */
  readonly address: string;
  readonly headers: ReadonlyMap<string, string>;
}

const USUAL_METHOD = "GET";
const USUAL_ADDRESS = "192.0.2.1";
const ANY = "*";

/**
 * Requests that meet two routes, and as few others as possible. Each host, path, header and parameter meets the fewest
 * conditions of other routes. Methods and addresses may differ in the conditions that they meet, and then there is a
 * request for each. So if any request meets the two routes and none of some others, one of these does.
 */
export class ExampleRequests {
  /** A text that occurs in no route. */
  readonly #fresh: string;
  readonly #networks: readonly AddressRange[];
  /** The methods for two routes that take all: the usual one, and one that no route names. */
  readonly #anyMethod: readonly string[];

  constructor(rules: readonly Rule<unknown>[]) {
    const used = JSON.stringify(
      rules.map(({ match: { headers, query, ...rest } }) => [rest, [...(headers ?? []), ...(query ?? [])]]),
    );
    let fresh = "example";
    for (let n = 2; used.toLowerCase().includes(fresh); n++) fresh = `example-${n}`;
    this.#fresh = fresh;
    this.#networks = rules.flatMap(rangesOf);
    const isNamed = rules.some(({ conditions }) => conditions.methods?.includes(USUAL_METHOD));
    this.#anyMethod = isNamed ? [USUAL_METHOD, fresh.toUpperCase()] : [USUAL_METHOD];
  }

  *meeting(one: Rule<unknown>, other: Rule<unknown>): Generator<ExampleRequest> {
    const host = this.#host(one, other);
    const path = this.#path(one, other);
    const headers = this.#values(one.match.headers, other.match.headers);
    const query = this.#values(one.match.query, other.match.query);
    if (host === undefined || path === undefined || headers === undefined || query === undefined) return;
    const parameters = [...query].map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    const target = parameters === "" ? path : `${path}?${parameters}`;
    const methods = this.#methods(one, other);
    for (const address of this.#addresses(one, other))
      for (const method of methods) yield { method, host, path: target, address, headers };
  }

  #host(one: Rule<unknown>, other: Rule<unknown>): string | undefined {
    const narrow = coversHost(one.host, other.host) ? other.host : one.host;
    if (!coversHost(one.host, narrow) || !coversHost(other.host, narrow)) return undefined;
    if (narrow.kind === "exact") return narrow.name;
    return narrow.kind === "any" ? this.#fresh : `${this.#fresh}.${narrow.name}`;
  }

  #path(one: Rule<unknown>, other: Rule<unknown>): string | undefined {
    const narrow = coversPath(one.path, other.path) ? other.path : one.path;
    if (!coversPath(one.path, narrow) || !coversPath(other.path, narrow)) return undefined;
    return narrow.isPrefix ? `${narrow.text}/${this.#fresh}` : narrow.text;
  }

  /** Values that meet the conditions of both routes; undefined when there are none. */
  #values(
    one: ReadonlyMap<string, string> = new Map(),
    other: ReadonlyMap<string, string> = new Map(),
  ): Map<string, string> | undefined {
    const values = new Map<string, string>();
    for (const name of [...one.keys(), ...other.keys()]) {
      const wanted = [one.get(name), other.get(name)].filter((value) => value !== undefined && value !== ANY);
      if (wanted.length === 2 && wanted[0] !== wanted[1]) return undefined;
      values.set(name, wanted[0] ?? this.#fresh);
    }
    return values;
  }

  #methods({ conditions: one }: Rule<unknown>, { conditions: other }: Rule<unknown>): readonly string[] {
    if (one.methods !== undefined) return one.methods.filter((method) => other.allowsMethod(method));
    return other.methods ?? this.#anyMethod;
  }

  #addresses(one: Rule<unknown>, other: Rule<unknown>): Set<string> {
    const [mine, theirs] = [one, other].map((rule) =>
      rule.match.clientIps === undefined ? ALL_ADDRESSES : rangesOf(rule),
    );
    const addresses = new Set(mine === theirs ? [USUAL_ADDRESS] : []);
    if (this.#networks.length === 0) return addresses;
    for (const shared of mine!.flatMap((range) => theirs!.map((each) => sharedRange(range, each)))) {
      if (shared === undefined) continue;
      const inner = this.#networks.filter((network) => isPart(network, shared));
      for (const range of [shared, ...inner]) {
        const address = addressOutside(range, inner);
        if (address !== undefined) addresses.add(address);
      }
    }
    return addresses;
  }
}

/** The request as routing reads it. */
export function routedExample({ method, host, path, address, headers }: ExampleRequest): RoutedRequest {
  return { method, host, path, address, fieldValue: (name) => bytesOf(headers.get(name) ?? "") };
}

function rangesOf({ match }: Rule<unknown>): AddressRange[] {
  return (match.clientIps ?? []).map((entry) => addressRange(networkOf(entry)));
}
