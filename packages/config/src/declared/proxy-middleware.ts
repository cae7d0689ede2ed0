import { routeAccessLog } from "./access-log.js";
import { compression } from "./compression.js";
import { option, section } from "./declaration.js";
import { cors } from "./cors.js";
import { serverTiming } from "./server-timing.js";
import { limitMessage, requestsPerMinute } from "./rate-limit.js";
import { transform } from "./transform.js";
import { network } from "../kinds/address.js";
import { flag } from "../kinds/flag.js";
import { filePath } from "../kinds/file-path.js";
import { fieldName, headers } from "../kinds/headers.js";
import { list } from "../kinds/list.js";
import { integer } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { table } from "../kinds/table.js";
import { text } from "../kinds/text.js";

const noFields = { default: {} as Record<string, string> };
const noNames = { default: [] as string[] };
const PLACEHOLDERS =
  "Values may contain `{client_ip}`, `{host}`, `{method}`, `{path}`, `{request_id}`, `{scheme}` and `{user}`.";

/** `[proxy.middleware]` */
export const middleware = section("Changes to requests and responses of this route.", {
  access_log: routeAccessLog,
  server_timing: serverTiming,
  headers: section("Changes to header fields.", {
    override_host: option(
      text({ what: "host", pattern: /^[!-~]+$/, example: "app.example.com" }),
      "Host header that targets receive. Default: host and port of the target. X-Forwarded-Host contains the host that the visitor requested.",
      { example: '"app.example.com"' },
    ),
    request_headers: option(
      headers(),
      `Headers that targets receive in place of those of the visitor with the same name. ${PLACEHOLDERS}`,
      noFields,
    ),
    response_headers: option(
      headers(),
      `Headers that visitors receive in place of those of the target with the same name. ${PLACEHOLDERS}`,
      noFields,
    ),
    remove_request_headers: option(list(fieldName), "Headers to remove from requests.", noNames),
    remove_response_headers: option(list(fieldName), "Headers to remove from responses.", noNames),
  }),
  security_headers: option(
    flag(),
    "Add headers that make browsers stricter, where the target does not send them: X-Content-Type-Options, X-Frame-Options, Referrer-Policy, Cross-Origin-Opener-Policy and, over HTTPS, Strict-Transport-Security.",
    { default: false },
  ),
  request_id: section("Headers with the id of a request. Targets always receive it in X-Request-Id.", {
    response_header: option(fieldName, "Header in which visitors receive the id. Default: none."),
    request_header: option(fieldName, "Another header in which targets receive the id. Default: none."),
  }),
  cors,
  error_pages: section("Your own pages for errors. Programs that ask for JSON or plain text do not receive them.", {
    pages: option(
      table(filePath, { pattern: /^[45](?:\d\d|xx)$/, what: 'a status such as "404", or a class such as "5xx"' }),
      'HTML files by status, at most 256 KiB each: `{ 404 = "404.html", 5xx = "error.html" }`. `{status}`, `{code}` and `{request_id}` in a file are replaced. The files are read again when they change.',
      { default: {} as Record<string, string> },
    ),
    targets: option(flag(), "Also replace the bodies of errors that a target sends.", { default: false }),
  }),
  maintenance: section("A response for all visitors while the service is being maintained: 503 with a page.", {
    enabled: option(flag(), "Respond with 503.", { default: false }),
    allow_ips: option(list(network()), "Addresses and networks that are served nevertheless.", {
      default: [] as string[],
    }),
    page: option(filePath, "HTML file for browsers, at most 256 KiB. Default: a page of Postern."),
    retry_after: option(duration({ min: 1_000 }), "Time after which visitors should try again.", { default: 300_000 }),
  }),
  rate_limit: section(
    "Limits for each visitor, with the option names of older files. In new files, use `[proxy.access.rate_limit]`.",
    {
      requests_per_minute: requestsPerMinute,
      window_seconds: option(
        duration({ min: 1_000 }),
        "Time that sets the maximum burst of a visitor: the number of requests that requests_per_minute allows in this time.",
        { default: 60_000 },
      ),
      max_concurrent: option(
        integer({ min: 1 }),
        "Maximum requests of a visitor that are in progress at the same time. Default: any number.",
      ),
      limit_by_header: option(
        fieldName,
        "Header field, for instance that of an API key. Requests with the same value share the limits, whatever their address. The limits per address still apply.",
      ),
      rate_limit_message: limitMessage,
    },
  ),
  transform,
  auth: section("Credentials to send to targets. They do not check visitors.", {
    bearer_token: option(text(), "Token to send as `Authorization: Bearer`.", { secret: true }),
    basic_auth: option(text(), "User name and password to send as `Authorization: Basic`: `user:password`.", {
      secret: true,
    }),
    custom_auth_header: option(list(text()), "Header field to send: its name and its value.", {
      default: [] as string[],
      secret: true,
    }),
    api_key: section("API key to send in a header field.", {
      header_name: option(fieldName, "Name of the header field."),
      key_value: option(text(), "API key.", { secret: true }),
    }),
  }),
  compression,
});
