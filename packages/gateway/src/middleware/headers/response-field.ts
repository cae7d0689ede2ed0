import { Field, meaningOf } from "../../http/index.js";

/** Meanings of fields that the gateway writes itself, or that belong to one connection. */
const OWN: ReadonlySet<Field> = new Set([
  Field.contentLength,
  Field.transferEncoding,
  Field.connection,
  Field.upgrade,
  Field.keepAlive,
  Field.hopByHop,
  Field.te,
  Field.lookalike,
]);

/**
 * The name, in lower case, of a field of responses that a step may change.
 * @throws RangeError for a name that is not valid, or one that the gateway writes itself
 */
export function responseField(given: string): string {
  const name = given.toLowerCase();
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is not a header name.`);
  if (OWN.has(meaningOf(name)) || name === "trailer")
    throw new RangeError(`The header ${name} of responses cannot be changed: it belongs to the connection.`);
  return name;
}
