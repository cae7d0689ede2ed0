import { Field, meaningOf } from "../../http/index.js";

/** Fields that the gateway itself writes into each request. */
const OWN: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

const SETTABLE: ReadonlySet<Field> = new Set([
  Field.other,
  Field.identity,
  Field.cookie,
  Field.accept,
  Field.acceptEncoding,
  Field.condition,
]);

/**
 * The name, in lower case, of a field that a step sends to targets.
 * @throws RangeError for a name that is not valid, or one that the gateway writes or interprets
 */
export function targetField(given: string): string {
  const name = given.toLowerCase();
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is not a header name.`);
  const field = meaningOf(name);
  if (!SETTABLE.has(field) || OWN.has(name))
    throw new RangeError(`The header ${name} cannot be set for targets: the gateway writes or interprets it.`);
  return name;
}
