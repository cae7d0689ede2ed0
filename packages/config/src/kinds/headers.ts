import type { Kind } from "../kind.js";
import { table } from "./table.js";
import { text } from "./text.js";

/** Header fields: what HTTP can send, which is Latin-1. */
export function headers(): Kind<Record<string, string>> {
  const value = text({ what: "header value", example: "payments", pattern: /^[ -~\xa0-\xff]*$/ });
  return table(value, { pattern: /^[\w!#$%&'*+.^`|~-]+$/, what: "the name of a header" });
}
