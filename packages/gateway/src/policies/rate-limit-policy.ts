import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";

const LONGEST_HEADER = 100;
const LONGEST_MESSAGE = 1_000;
/** The shortest window, and the default, in milliseconds. */
const [SHORTEST, WINDOW] = [1_000, 60_000];

export const rateLimit: PolicyKind = {
  key: "rate_limit",
  read(value, options) {
    const table = new PolicyTable(value, "rate_limit");
    const requestsPerMinute = table.integer("requests_per_minute");
    const window = table.integer("window", SHORTEST);
    const burst = table.integer("burst");
    const concurrent = table.integer("max_concurrent");
    const byHeader = table.text("by_header", LONGEST_HEADER)?.toLowerCase();
    const message = table.text("message", LONGEST_MESSAGE);
    table.end();
    if (requestsPerMinute === undefined && concurrent === undefined)
      invalid("rate_limit needs requests_per_minute or max_concurrent");
    if (requestsPerMinute === undefined && (window ?? burst) !== undefined)
      invalid("window and burst of rate_limit need requests_per_minute");
    options.rateLimit = {
      window: window ?? WINDOW,
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(burst === undefined ? {} : { burst }),
      ...(concurrent === undefined ? {} : { concurrent }),
      ...(byHeader === undefined ? {} : { byHeader }),
      ...(message === undefined ? {} : { message }),
    };
  },
  write: ({ rateLimit: given }) =>
    given && {
      requests_per_minute: given.requestsPerMinute,
      window: given.requestsPerMinute === undefined ? undefined : given.window,
      burst: given.burst,
      max_concurrent: given.concurrent,
      by_header: given.byHeader,
      message: given.message,
    },
  words({ rateLimit: given }) {
    if (given === undefined) return undefined;
    const { requestsPerMinute, concurrent } = given;
    const rate = requestsPerMinute === undefined ? [] : [`${requestsPerMinute}/min`];
    return [...rate, ...(concurrent === undefined ? [] : [`${concurrent} at once`])].join(" and ");
  },
};
