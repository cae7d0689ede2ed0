import { Field, meaningOf } from "../http/index.js";
import type { PickContext } from "./candidate.js";

/** The part of a request by which a hash chooses its target. `name` is in lower case, except for a cookie. */
export type HashKey = { readonly kind: "address" } | { readonly kind: "header" | "cookie"; readonly name: string };

/**
 * Returns a function that reads the key of a request. A request without the header or cookie has its visitor's address
 * as the key.
 * @throws RangeError for a header that visitors can forge, or that is not a name
 */
export function keyReader(key: HashKey): (context: PickContext) => string {
  if (key.kind === "address") return ({ address }) => address;
  const { name } = key;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is not a valid name.`);
  if (key.kind === "cookie") return (context) => cookieValue(cookiesOf(context), name) || context.address;
  const field = meaningOf(name);
  if (field === Field.identity || field === Field.lookalike)
    throw new RangeError(`A target cannot depend on the header ${name}: the gateway removes what visitors send in it.`);
  return (context) => context.request.fieldValue(name, field) || context.address;
}

/** The Cookie field of a request; empty unless there is exactly one. */
export function cookiesOf({ request }: PickContext): string {
  return request.fieldValue("cookie", Field.cookie);
}

/** The value of the first cookie with this name; empty if there is none. */
export function cookieValue(cookies: string, name: string): string {
  for (let start = 0; start < cookies.length;) {
    let end = cookies.indexOf(";", start);
    if (end < 0) end = cookies.length;
    while (cookies[start] === " ") start++;
    if (cookies.startsWith(name, start) && cookies[start + name.length] === "=")
      return cookies.slice(start + name.length + 1, end);
    start = end + 1;
  }
  return "";
}
