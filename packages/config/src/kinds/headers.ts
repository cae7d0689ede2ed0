import type { Kind } from "./kind.js";
import { table, type NameRule } from "./table.js";
import { text } from "./text.js";

const NAME: NameRule = { pattern: /^[\w!#$%&'*+.^`|~-]+$/, what: "a valid header name" };

/** Header fields with Latin-1 values, because HTTP cannot send other values. */
export function headers(): Kind<Record<string, string>> {
  return table(text({ what: "header value", example: "payments", pattern: /^[ -~\xa0-\xff]*$/ }), NAME);
}

/** The same, as lines in the environment and on the command line: `Name: value`. */
export function headerLines(): Kind<Record<string, string>> {
  const kind = headers();
  return {
    ...kind,
    readText(given) {
      const lines = given.split(/\r?\n/).filter((line) => line.trim() !== "");
      const fields = lines.map((line) => line.split(/:(.*)/s, 2).map((part) => part.trim()));
      if (fields.some(({ length }) => length < 2)) return { fault: "must be a header, for instance `X-Stage: test`" };
      return kind.read(Object.fromEntries(fields));
    },
  };
}

/** The name of a header field. */
export const fieldName = text({ what: "header name", pattern: NAME.pattern, example: "X-Request-Id" });
