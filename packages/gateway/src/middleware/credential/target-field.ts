import { CLAIMABLE, Field, fieldSet, headerName, meaningOf } from "../../http/index.js";

/** Fields that the gateway itself writes into each request. */
const OWN: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

/** A step may also write fields that name the visitor, such as those of a login. */
const SETTABLE = CLAIMABLE | fieldSet(Field.identity);

/**
 * The name, in lower case, of a field that a step sends to targets.
 * @throws RangeError for a name that is not valid, or one that the gateway writes or interprets
 */
export function targetField(given: string): string {
  const name = headerName(given);
  if ((fieldSet(meaningOf(name)) & SETTABLE) === 0 || OWN.has(name))
    throw new RangeError(`The header ${name} cannot be set for targets: the gateway writes or interprets it.`);
  return name;
}
