import { option, section } from "./declaration.js";
import { loopbackAddress, url } from "../kinds/address.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

export const monitoring = section("Health checks, metrics and events of the client.", {
  enabled: option(flag(), "Enable monitoring. `false` also disables the local API.", { default: true }),
  health_interval: option(
    duration({ min: 1_000 }),
    "Time between two end-to-end checks: test requests that the client sends through its own tunnels.",
    { default: 60_000 },
  ),
  collect_metrics: option(flag(), "Count requests and serve /metrics.", { default: true }),
  status_webhook: option(
    url(["https", "http"], "https://ops.example.com/hooks"),
    "URL to send events to, except requests and heartbeats. docs/metrics.md describes the format and the signature.",
    { secret: true, example: '"https://ops.example.com/hooks"' },
  ),
  webhook_secret: option(text(), "Secret that signs webhook deliveries.", {
    secret: true,
    example: '"${WEBHOOK_SECRET:none}"',
  }),
  webhook_allow_private: option(flag(), "Allow status_webhook to resolve to a private address, also behind a proxy.", {
    default: false,
  }),
  log_events: option(flag(), "Write events to the log of `postern start`. `false`: only the public URLs.", {
    default: true,
  }),
  event_log_file: option(
    filePath,
    "File for all events, one JSON object per line. Rotated by file_size_mb and retention_days of `[logging]`.",
    { example: '"logs/events.jsonl"' },
  ),
});

export const localApi = section(
  "API for programs on this machine, and a status page: /api/status, /api/events, /metrics and /health. It contains no secrets and rejects requests from web pages of other sites. /api/ needs the token of the client's run file.",
  {
    enabled: option(flag(), "Serve the local API.", { default: true, env: "POSTERN_LOCAL_API_ENABLED" }),
    listen: option(loopbackAddress(), "Address of the local API; if its port is in use, the next free port.", {
      default: "127.0.0.1:4040",
      env: "POSTERN_LOCAL_API",
      flag: "--local-api <host:port>",
    }),
    metrics_token: option(
      text({ what: "token", pattern: /^[!-~]+$/ }),
      "Bearer token that /metrics of the local API requires, at least 16 characters. Without it, every program on this machine can read the metrics.",
      { secret: true, example: '"a-random-token-of-your-own"' },
    ),
  },
);
