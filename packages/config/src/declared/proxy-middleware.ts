import { routeAccessLog } from "./access-log.js";
import { option, section, sections } from "./declaration.js";
import { serverTiming } from "./server-timing.js";
import { limitMessage, requestsPerMinute } from "./rate-limit.js";
import { flag } from "../kinds/flag.js";
import { fieldName, headers } from "../kinds/headers.js";
import { list } from "../kinds/list.js";
import { integer } from "../kinds/number.js";
import { duration, size } from "../kinds/quantity.js";
import { anything, table } from "../kinds/table.js";
import { text } from "../kinds/text.js";

const FIELDS = { pending: "changes to header fields" };

const noFields = { default: {} as Record<string, string>, ...FIELDS };
const noNames = { default: [] as string[], ...FIELDS };

function transform(message: string) {
  return section(`Changes to ${message} bodies.`, {
    replace_text: sections("Text replacement.", {
      find: option(text(), "Text to find."),
      replace: option(text(), "Replacement text.", { default: "" }),
      regex_enabled: option(flag(), "Treat `find` as a regular expression.", { default: false }),
    }),
    add_json_fields: option(table(anything()), `Members to add to JSON ${message} bodies.`, {
      default: {} as Record<string, unknown>,
    }),
    remove_json_fields: option(list(text()), `Members to remove from JSON ${message} bodies.`, {
      default: [] as string[],
    }),
  });
}

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
    request_headers: option(headers(), "Header fields to add to requests.", noFields),
    response_headers: option(headers(), "Header fields to add to responses.", noFields),
    remove_request_headers: option(list(fieldName), "Header fields to remove from requests.", noNames),
    remove_response_headers: option(list(fieldName), "Header fields to remove from responses.", noNames),
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
  transform: section(
    "Changes to bodies.",
    { request: transform("request"), response: transform("response") },
    { pending: "changes to bodies" },
  ),
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
  compression: section(
    "Compression of responses.",
    {
      gzip: option(flag(), "Compress with gzip.", { default: true }),
      brotli: option(flag(), "Compress with Brotli.", { default: false }),
      threshold_bytes: option(size(), "Minimum size of a body to compress.", { default: 1_024 }),
      level: option(integer({ min: 0, max: 11 }), "Compression level.", { default: 6 }),
    },
    { pending: "compression" },
  ),
});
