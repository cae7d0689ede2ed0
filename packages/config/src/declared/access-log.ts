import { option, section } from "./declaration.js";
import { choice } from "../kinds/choice.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { decimal } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

export const ACCESS_LOG_FORMATS = ["json", "combined", "common"] as const;

const format = choice(ACCESS_LOG_FORMATS);
const output = choice(["file", "console"]);
const queries = choice(["redacted", "omitted"]);
const status = text({ what: "status or class of statuses", pattern: /^[1-9](?:\d\d|xx)$/, example: "5xx" });
const path = text({ what: "path", pattern: /^\/[^?#]*$/, example: "/health" });
const parameter = text({ what: "name of a parameter", pattern: /^[^=&;\s]+$/, example: "sid" });
const share = decimal({ max: 1 });

const DOCS = {
  format:
    "Format of the lines: `json`, one object per line; `combined` and `common`, the formats of Apache and nginx, which log analysers read.",
  output: "Where the lines go: to a file, or to the console in place of the other lines about requests.",
  statuses:
    "Only responses with one of these: a status such as `404`, or a class such as `5xx`. Together with slower_than, one of the two is enough. Empty: all.",
  slower: "Only requests that took at least this long. 0: all.",
  exclude:
    "Paths whose requests are not logged, for instance those of health checks. `/*` at the end stands for everything below.",
  sample: "Share of the requests that is logged, from 0 to 1, chosen at random from those that pass the other filters.",
  queries:
    "Query strings in the path and the Referer: `redacted` shows them without the values of parameters whose names suggest a secret; `omitted` does not show them.",
  secrets: "Names of more query parameters whose values are secret.",
  rotate:
    "Rotate the file when it has the size of file_size_mb, and delete it after retention_days. If another program rotates it, use false.",
} as const;

const FILE = "Path of the file.";

/** `[logging.access]` */
export const accessLog = section("Access log: one line for each request to the gateway and to tunnels.", {
  enabled: option(flag(), "Write an access log.", { default: false, example: "true" }),
  format: option(format, DOCS.format, { default: "combined", example: '"json"' }),
  output: option(output, DOCS.output, { default: "file" }),
  file: option(filePath, `${FILE} Default: access.log in logs_directory. file_mode applies to it.`, {
    example: '"/var/log/postern/access.log"',
  }),
  rotate: option(flag(), DOCS.rotate, { default: true }),
  statuses: option(list(status), DOCS.statuses, { default: [] as string[] }),
  slower_than: option(duration(), DOCS.slower, { default: 0 }),
  exclude_paths: option(list(path), DOCS.exclude, { default: [] as string[], example: '["/health"]' }),
  sample: option(share, DOCS.sample, { default: 1 }),
  query_strings: option(queries, DOCS.queries, { default: "redacted" }),
  secret_parameters: option(list(parameter), DOCS.secrets, { default: [] as string[] }),
});

/** `[proxy.middleware.access_log]` */
export const routeAccessLog = section(
  "Access log of this route, in place of that of the program. Options that are not set have the value of [logging.access].",
  {
    enabled: option(flag(), "Log the requests of this route. Default: true if this table is present."),
    format: option(format, DOCS.format),
    output: option(output, DOCS.output),
    file: option(filePath, `${FILE} Default: that of [logging.access].`, { example: '"/var/log/postern/api.log"' }),
    statuses: option(list(status), DOCS.statuses),
    slower_than: option(duration(), DOCS.slower),
    exclude_paths: option(list(path), DOCS.exclude),
    sample: option(share, DOCS.sample),
    query_strings: option(queries, DOCS.queries),
    secret_parameters: option(list(parameter), DOCS.secrets),
  },
);

/** `[logging.trace_context]` */
export const traceContext = section(
  "W3C Trace Context: requests of the gateway and of tunnels get the field traceparent, and their lines the id of the trace (trace_id).",
  {
    enabled: option(flag(), "Give each request a trace.", { default: false, example: "true" }),
    accept: option(
      choice(["proxies", "everyone"]),
      "Whose traces go on: those of trusted_proxies, or of every visitor. For all others, a new trace begins.",
      { default: "proxies" },
    ),
    sampled: option(share, "Share of the new traces that are marked as sampled, from 0 to 1.", { default: 1 }),
  },
);
