import type { Kind } from "./kind.js";
import { table, type NameRule } from "./table.js";
import { text } from "./text.js";

const NAME: NameRule = { pattern: /^[\w!#$%&'*+.^`|~-]+$/, what: "a valid header name" };

/** Header fields with Latin-1 values, because HTTP cannot send other values. */
export function headers(): Kind<Record<string, string>> {
  return table(text({ what: "header value", example: "payments", pattern: /^[ -~\xa0-\xff]*$/ }), NAME);
}

/** The name of a header field. */
export const fieldName = text({ what: "header name", pattern: NAME.pattern, example: "X-Request-Id" });
