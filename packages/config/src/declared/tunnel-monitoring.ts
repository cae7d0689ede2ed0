import { option, section } from "../declaration.js";
import { loopbackAddress, url } from "../kinds/address.js";
import { flag } from "../kinds/flag.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

export const monitoring = section("What the client tells of itself.", {
  enabled: option(flag(), "Whether it does. Without it there is no local API, either.", { default: true }),
  health_interval: option(
    duration({ min: 1_000 }),
    "Time between two looks whether requests come through the tunnels.",
    {
      default: 60_000,
    },
  ),
  collect_metrics: option(flag(), "Whether requests are counted, and /metrics is there.", { default: true }),
  status_webhook: option(
    url(["https", "http"], "https://ops.example.com/hooks"),
    "Where events are sent, all but requests and heartbeats. docs/metrics.md says in which form, and how to check that they are genuine.",
    { secret: true, example: '"https://ops.example.com/hooks"' },
  ),
  webhook_secret: option(text(), "What they are signed with.", { secret: true, example: '"${WEBHOOK_SECRET:none}"' }),
  webhook_allow_private: option(
    flag(),
    "Whether the name in status_webhook may lead to private addresses, and a proxy be asked for one.",
    {
      default: false,
    },
  ),
  log_events: option(flag(), "Whether `postern start` writes events into its log.", { default: true }),
  event_log_file: option(
    text({ what: "path" }),
    "A file that all events are written to, a line of JSON each; put aside and deleted as [logging] says with file_size_mb and retention_days.",
    { example: '"logs/events.jsonl"' },
  ),
});

export const localApi = section(
  "What programs on this machine can ask the client: /api/status, /api/events, /metrics and /health, all of them without secrets, none of them for web pages of others.",
  {
    enabled: option(flag(), "Whether it answers.", { default: true, env: "POSTERN_LOCAL_API_ENABLED" }),
    listen: option(loopbackAddress(), "Where. A port that is taken leads to the next free one.", {
      default: "127.0.0.1:4040",
      env: "POSTERN_LOCAL_API",
      flag: "--local-api <host:port>",
    }),
  },
);
