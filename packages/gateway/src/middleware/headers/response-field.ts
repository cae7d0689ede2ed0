import { fieldSet, headerName, meaningOf, NOT_RETURNED } from "../../http/index.js";

/**
 * The name, in lower case, of a field of responses that a step may change.
 * @throws RangeError for a name that is not valid, or one that the gateway writes itself
 */
export function responseField(given: string): string {
  const name = headerName(given);
  if ((fieldSet(meaningOf(name)) & NOT_RETURNED) !== 0 || name === "trailer")
    throw new RangeError(`The header ${name} of responses cannot be changed: it belongs to the connection.`);
  return name;
}
