import { NetworkList, parseNetwork, type Network } from "@postern/net";
import { Field, meaningOf } from "../http/index.js";
import { bytesOf, QueryParameters } from "./query-parameters.js";
import type { RoutedRequest, RouteMatch } from "./route-match.js";

/** A condition of a route that a request does not meet. */
export type Mismatch =
  | { readonly kind: "method"; readonly expected: readonly string[] }
  | { readonly kind: "header" | "query"; readonly name: string; readonly expected: string }
  | { readonly kind: "address"; readonly expected: readonly string[] };

interface FieldCondition {
  readonly name: string;
  readonly field: Field;
  /** Undefined: any value. */
  readonly value: string | undefined;
}

interface QueryCondition {
  /** One character for each byte, as the value. */
  readonly name: string;
  /** Undefined: any value. */
  readonly value: string | undefined;
}

const ANY = "*";
const query = new QueryParameters();

/** The conditions of a route beside host and path. */
export class Conditions {
  /** The methods that the route takes, HEAD included where GET is; undefined: all. */
  readonly methods: readonly string[] | undefined;
  /** How many there are: one for the methods, one for each field and each parameter, one for the addresses. */
  readonly count: number;
  readonly #fields: readonly FieldCondition[];
  readonly #query: readonly QueryCondition[];
  readonly #addresses: NetworkList | undefined;
  readonly #match: RouteMatch;

  /** @throws RangeError for a condition that no request can meet, or an address that is none. */
  constructor(match: RouteMatch) {
    this.#match = match;
    if (match.methods?.length === 0) throw new RangeError("A route with an empty list of methods takes no request.");
    if (match.clientIps?.length === 0)
      throw new RangeError("A route with an empty list of addresses takes no request.");
    this.methods = match.methods === undefined ? undefined : acceptedMethods(match.methods);
    this.#fields = [...(match.headers ?? [])].map(fieldCondition);
    this.#query = [...(match.query ?? [])].map(([name, value]) => ({
      name: bytesOf(name),
      value: value === ANY ? undefined : bytesOf(value),
    }));
    this.#addresses = match.clientIps === undefined ? undefined : new NetworkList(match.clientIps.map(networkOf));
    const others = (this.methods === undefined ? 0 : 1) + (this.#addresses === undefined ? 0 : 1);
    this.count = this.#fields.length + this.#query.length + others;
  }

  allowsMethod(method: string): boolean {
    return this.methods === undefined || this.methods.includes(method);
  }

  /** Whether a request meets all conditions. */
  allows(request: RoutedRequest): boolean {
    return this.allowsMethod(request.method) && this.allowsRest(request);
  }

  /** Whether a request meets all conditions but that of the method. */
  allowsRest(request: RoutedRequest): boolean {
    for (const condition of this.#fields) if (!hasField(request, condition)) return false;
    for (const condition of this.#query) if (!hasParameter(request, condition)) return false;
    return this.#addresses === undefined || this.#addresses.has(request.address);
  }

  /** The conditions that a request does not meet. */
  mismatches(request: RoutedRequest): Mismatch[] {
    const { methods = [], headers, query: parameters, clientIps = [] } = this.#match;
    const missed: Mismatch[] = [];
    if (!this.allowsMethod(request.method)) missed.push({ kind: "method", expected: methods });
    for (const condition of this.#fields) {
      const { name } = condition;
      if (!hasField(request, condition)) missed.push({ kind: "header", name, expected: headers?.get(name) ?? ANY });
    }
    [...(parameters ?? [])].forEach(([name, expected], index) => {
      if (!hasParameter(request, this.#query[index]!)) missed.push({ kind: "query", name, expected });
    });
    if (this.#addresses?.has(request.address) === false) missed.push({ kind: "address", expected: clientIps });
    return missed;
  }
}

/** The methods that are accepted when a route names these: HEAD is a GET without the body (RFC 9110 9.3.2). */
function acceptedMethods(methods: readonly string[]): string[] {
  const accepted = new Set(methods);
  if (accepted.has("GET")) accepted.add("HEAD");
  return [...accepted];
}

/** @throws RangeError */
export function networkOf(entry: string): Network {
  const network = parseNetwork(entry);
  if (network !== undefined) return network;
  throw new RangeError(
    `${JSON.stringify(entry)} is not an IP address or a network, such as 192.0.2.1, 10.0.0.0/8 or fd00::/8.`,
  );
}

/**
 * The meaning of a header by which a route treats requests differently.
 * @param name in lower case
 * @throws RangeError for a name that is not valid, or that of a header that targets do not get from visitors
 */
export function decidingField(name: string): Field {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is not a header name.`);
  const field = meaningOf(name);
  // The target would not see what the route saw.
  if (field === Field.identity || field === Field.lookalike) {
    throw new RangeError(
      `A route cannot depend on the header ${name}: visitors can forge it, and the gateway removes their value.`,
    );
  }
  return field;
}

function fieldCondition([name, value]: readonly [string, string]): FieldCondition {
  const field = decidingField(name);
  if (value === "") throw new RangeError(`The header ${name} needs a value. To accept any value, use "*".`);
  return { name, field, value: value === ANY ? undefined : bytesOf(value) };
}

function hasField(request: RoutedRequest, { name, field, value }: FieldCondition): boolean {
  const actual = request.fieldValue(name, field);
  return value === undefined ? actual !== "" : actual === value;
}

function hasParameter({ path }: RoutedRequest, { name, value }: QueryCondition): boolean {
  return value === undefined ? query.has(path, name) : query.value(path, name) === value;
}
