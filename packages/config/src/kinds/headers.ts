import type { Kind } from "../kind.js";
import { table } from "./table.js";
import { text } from "./text.js";

/** Header fields: what HTTP can send. */
export function headers(): Kind<Record<string, string>> {
  const value = text({ what: "value of a header without characters beyond Latin-1", pattern: /^[ -~\xa0-\xff]*$/ });
  return table(value, { pattern: /^[\w!#$%&'*+.^`|~-]+$/, what: "the name of a header" });
}
