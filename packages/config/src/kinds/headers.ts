import type { Kind } from "./kind.js";
import { table } from "./table.js";
import { text } from "./text.js";

/** Header fields with Latin-1 values, because HTTP cannot send other values. */
export function headers(): Kind<Record<string, string>> {
  const value = text({ what: "header value", example: "payments", pattern: /^[ -~\xa0-\xff]*$/ });
  return table(value, { pattern: /^[\w!#$%&'*+.^`|~-]+$/, what: "a valid header name" });
}
