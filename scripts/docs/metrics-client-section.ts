import { metricsTable } from "./metrics-table.ts";
import { WEBHOOK_LIMITS } from "@postern/cli/limits";
import {
  CLIENT_METRICS,
  GATEWAY_METRICS,
  HEALTH,
  RESPONSE_TIME_BOUNDS,
  STATUS_SCHEMA,
  type JsonSchema,
} from "@postern/client/status";

/** Returns the sections about the client. */
export function clientSection(): string[] {
  return [
    "## Health score of an endpoint",
    "`health.score` rates an endpoint from 0 to 100. The score depends only on the values below. When one of them gets worse, the score does not rise.",
    [
      "| state | score |",
      "|---|---|",
      "| `failed`, `disconnected`, `draining` | 0 |",
      `| \`connecting\`, \`authenticating\`, \`reconnecting\` | ${HEALTH.connecting}, minus ${HEALTH.retry} for each consecutive retry |`,
      "| `connected` | 100, minus the following |",
    ].join("\n"),
    [
      "| while connected | minus |",
      "|---|---|",
      `| a lost connection in the last ten minutes | ${HEALTH.drop} each, at most ${HEALTH.maxDrops} |`,
      `| mean heartbeat round trip above ${HEALTH.latencyFree} ms | 1 for every ${HEALTH.latencyStep} ms, at most ${HEALTH.maxLatency} |`,
      `| local service unreachable (\`local\` is \`failing\`) | ${HEALTH.failing} |`,
      `| local service unreachable in the last minute, and reachable again | ${HEALTH.localLately} |`,
      `| result of the end-to-end check unknown (\`data_plane\` is \`unknown\`) | ${HEALTH.unknown} |`,
      `| end-to-end check failing (\`data_plane\` is \`failing\`) | ${HEALTH.failing} |`,
    ].join("\n"),
    "The minimum is 0. A connected endpoint whose end-to-end check does not fail and whose local service is reachable has a score of at least 40, more than any endpoint that is not connected.",
    "An endpoint is **healthy** if it is `connected`, and neither its `data_plane` nor its `local` is `failing`. `unknown` counts as healthy: for `data_plane` it lasts for a second or two after connecting, or permanently if the client cannot reach its own public address. The score does not affect health.",
    "The client connects to the local service when it starts, and every 5 s while visitors' connections to it fail. It sends nothing on these connections.",
    "## Access to the local API",
    "`/health` and `/metrics` are open to every program on the client's machine. `/api/` requires a token that changes with each start of the client. It is in the client's run file, which only its user can read: `client-PID.json` in `$XDG_RUNTIME_DIR/postern`, otherwise in `$XDG_STATE_HOME/postern/run`, otherwise in `~/.local/state/postern/run`.",
    fenced(
      "sh",
      `run=$XDG_RUNTIME_DIR/postern/client-$PID.json\njq -r '"Authorization: Bearer " + .token' "$run" | curl -H @- "$(jq -r .api "$run")/api/status"`,
    ),
    "In a browser, `/` is a page with the same data. Open it by the link that `postern http` and `postern status` print in a terminal: the link contains the token in its fragment, which browsers do not send. The page keeps the token in its tab until the tab is closed. `metrics_token` in `[tunnel.local_api]` makes `/metrics` require a token of its own.",
    "## Status document",
    "`GET /api/status` of the client's local API returns this document. In code, `tunnel.status()` returns the entry of one endpoint. All fields are always present; new fields may be added without incrementing `schema`.",
    schemaTable(STATUS_SCHEMA),
    "`postern status --json` prints one object `{ schema, healthy, clients, unanswered }`. `clients` contains one status document for each client, with the `command` and the local API address `api` of that client; `unanswered` contains `{ command, api, pid, error }`.",
    "## Events and health",
    "`GET /api/events` returns `{ schema, events }`. Each event has the form of `recent_events` and an increasing `id`. The parameters `type` (several separated by commas), `endpoint` and `since` (ISO 8601) filter the events.",
    "With `Accept: text/event-stream`, the response is a stream: first the events that `since` or `Last-Event-ID` selects, then new events as they occur. `event: lost` contains the number of events that a slow reader missed.",
    "`GET /health` returns 200 while every endpoint is healthy, and 503 otherwise.",
    "## Prometheus metrics of the client",
    `\`GET /metrics\` of the client's local API returns the Prometheus text format, or JSON with \`Accept: application/json\`. Counters start when the client starts. Buckets of the histogram, in seconds: ${RESPONSE_TIME_BOUNDS.map((bound) => bound / 1_000).join(", ")}.`,
    metricsTable(CLIENT_METRICS),
    "The gateway of `postern serve` and `postern start` adds these:",
    metricsTable(GATEWAY_METRICS),
    "## Send events to a webhook",
    `The client sends every event, except requests and heartbeats, to \`status_webhook\` in \`[tunnel.monitoring]\`. Each POST contains up to ${WEBHOOK_LIMITS.batch} events in order and is sent at most ${WEBHOOK_LIMITS.delay / 1_000} s after the first of them:`,
    fenced("json", DELIVERY),
    "`id` stays the same when a delivery is repeated. `lost` is the number of events dropped since the last successful delivery. `webhook` in `/api/status` and two metrics count both.",
    `A delivery succeeds with a 2xx response. Without a response, and after 408, 425, 429 and 5xx, the client repeats it: ${WEBHOOK_LIMITS.attempts} attempts in all, with pauses from ${WEBHOOK_LIMITS.initialDelay / 1_000} s to ${WEBHOOK_LIMITS.maxDelay / 1_000} s. After any other response, the events are dropped. Redirects are not followed. At most ${WEBHOOK_LIMITS.queue} events wait; beyond that, the oldest are dropped.`,
    "A host name in the URL must not resolve to a private address, unless `webhook_allow_private` is set. Names of this machine and literal IP addresses are exempt.",
    "With a `proxy`, the client sends deliveries through it, except those to this machine. Without `webhook_allow_private`, the client does not ask the proxy for a private address or for a name that resolves to one locally. The proxy resolves names that the client cannot resolve.",
    "## Verify the signature of a webhook delivery",
    "With a `webhook_secret`, every delivery has the header field `Postern-Signature: t=<seconds since 1970>,v1=<hex>`. The value of `v1` is an HMAC-SHA-256 with the secret over the time, a dot and the raw body. Verify it before you parse the body, and reject old deliveries:",
    fenced("js", VERIFY),
  ];
}

const DELIVERY = `{
  "schema": 1,
  "id": "c6f5a4e0-5d4e-4d0b-9c55-1f0f6a0b7a11",
  "version": "0.1.0",
  "pid": 4242,
  "lost": 0,
  "events": [
    { "time": "2026-11-22T10:00:00.000Z", "type": "tunnel_closed", "endpoint": "web", "message": "…", "data": { "code": "PN_SESSION_LOST" } }
  ]
}`;

/** A test runs this example. */
const VERIFY = `import { createHmac, timingSafeEqual } from "node:crypto";

/** Returns true if the delivery is genuine. body: the raw body as text; signature: the field Postern-Signature. */
export function isGenuine(secret, body, signature, now = Date.now()) {
  const [, time, mac] = /^t=(\\d+),v1=([0-9a-f]{64})$/.exec(signature ?? "") ?? [];
  if (mac === undefined || Math.abs(now / 1000 - Number(time)) > 300) return false;
  const expected = createHmac("sha256", secret).update(\`\${time}.\${body}\`).digest();
  return timingSafeEqual(expected, Buffer.from(mac, "hex"));
}`;

function fenced(language: string, text: string): string {
  return ["```" + language, text, "```"].join("\n");
}

/** Lists every field by its path, in document order. */
function schemaTable(schema: JsonSchema): string {
  return ["| field | value | description |", "|---|---|---|", ...rows(schema, "")].join("\n");
}

function rows({ properties = {} }: JsonSchema, path: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const here = `${path}${name}`;
    const inner = field.items ?? field;
    const below = field.items === undefined ? `${here}.` : `${here}[].`;
    return [
      `| \`${here}\` | ${valueText(field)} | ${field.description?.replaceAll("|", "\\|") ?? ""} |`,
      ...rows(inner, below),
    ];
  });
}

function valueText({ type, enum: values, const: only, format, items }: JsonSchema): string {
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(", ");
  const types = [type ?? []].flat().map((each) => (each === "string" && format !== undefined ? format : each));
  return types.join(" or ") + (items === undefined || items.properties !== undefined ? "" : ` of ${valueText(items)}s`);
}
