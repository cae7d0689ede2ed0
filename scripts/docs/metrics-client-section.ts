import { WEBHOOK_LIMITS } from "@postern/cli/limits";
import { CLIENT_METRICS, HEALTH, RESPONSE_TIME_BOUNDS, STATUS_SCHEMA, type JsonSchema } from "@postern/client/command";

/** What a client tells of itself. */
export function clientSection(): string[] {
  return [
    "## The client: health score",
    "`health.score` says in one number from 0 to 100 how well an endpoint is. The same facts always give the same score, and no fact that gets worse raises it.",
    [
      "| state | score |",
      "|---|---|",
      "| `failed`, `disconnected`, `draining` | 0 |",
      `| \`connecting\`, \`authenticating\`, \`reconnecting\` | ${HEALTH.connecting}, less ${HEALTH.retry} for each retry in a row |`,
      "| `connected` | 100, less what follows |",
    ].join("\n"),
    [
      "| while connected | less |",
      "|---|---|",
      `| the connection broke in the last ten minutes | ${HEALTH.drop} each time, ${HEALTH.mostDrops} at most |`,
      `| heartbeats take long, on average | 1 for each ${HEALTH.latencyStep} ms beyond ${HEALTH.latencyFree} ms, ${HEALTH.mostLatency} at most |`,
      `| the local service could not be reached in the last minute | ${HEALTH.local} |`,
      `| it is not known whether visitors come through (\`data_plane\` is \`unknown\`) | ${HEALTH.unknown} |`,
      `| visitors do not come through (\`data_plane\` is \`failing\`) | ${HEALTH.failing} |`,
    ].join("\n"),
    "It is never less than 0. A connection that is not known to fail has at least 40, which is more than any endpoint without one.",
    "An endpoint is **healthy** when it is `connected` and its `data_plane` is not `failing`; `unknown` counts as healthy: it lasts for a second or two after connecting, and for ever where the client cannot reach itself by the public address. The score has no part in it.",
    "## The client: status",
    "`GET /api/status` of the client's local API, and `tunnel.status()` in code for one endpoint. All fields are always there; new ones may come without a new `schema`.",
    schemaTable(STATUS_SCHEMA),
    "`postern status --json` prints one object `{ schema, healthy, clients, unanswered }`: `clients` are such documents, each with the `command` and the address `api` of its client; `unanswered` are `{ command, api, pid, error }`.",
    "`GET /api/events` answers `{ schema, events }`, an event as in `recent_events` with an `id` that rises with each; `type` (several with commas), `endpoint` and `since` (ISO 8601) choose. With `Accept: text/event-stream` events come as they happen, after those that `since` or `Last-Event-ID` asks for; `event: lost` says how many a slow reader has missed. `GET /health` answers 200 while every endpoint is healthy, else 503.",
    "## The client: metrics",
    `\`GET /metrics\` of the client's local API: Prometheus' text format, or JSON with \`Accept: application/json\`. Figures count from the start of the client. Buckets of the histogram, in seconds: ${RESPONSE_TIME_BOUNDS.map((bound) => bound / 1_000).join(", ")}.`,
    [
      "| metric | type | labels | |",
      "|---|---|---|---|",
      ...CLIENT_METRICS.map(
        ({ name, type, labels, help }) =>
          `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
      ),
    ].join("\n"),
    "## The client: webhook",
    `\`status_webhook\` in \`[tunnel.monitoring]\` is sent every event but requests and heartbeats, by POST, up to ${WEBHOOK_LIMITS.batch} at once and at most ${WEBHOOK_LIMITS.delay / 1_000} s after the first of them, in order:`,
    fenced("json", DELIVERY),
    `\`id\` stays the same when a delivery is sent again; \`lost\` says how many events could not be sent since the last delivery that arrived; \`webhook\` in \`/api/status\` and two metrics count all of them. Only an answer 2xx says that a delivery has arrived. Without an answer, and after 408, 425, 429 and 5xx, it is sent again, ${WEBHOOK_LIMITS.attempts} times in all with pauses from ${WEBHOOK_LIMITS.firstPause / 1_000} s to ${WEBHOOK_LIMITS.longestPause / 1_000} s; after any other answer it is lost. Redirections are not followed. ${WEBHOOK_LIMITS.queue} events wait at most, then the oldest are lost. A name in the URL that leads to private addresses is refused, unless \`webhook_allow_private\` says otherwise; names of this machine itself, and addresses, are what they are. Where a \`proxy\` leads out, it is asked for the connection, but never for this machine itself, nor, without \`webhook_allow_private\`, for a private address or a name that leads to one here; what a name leads to that is not known here is left to the proxy.`,
    "With a `webhook_secret`, every delivery has a field `Postern-Signature: t=<seconds since 1970>,v1=<hex>`: HMAC-SHA-256 with the secret over the time, a dot and the body as it came. Check it before anything else is read, and refuse old ones:",
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

/** A test runs it. */
const VERIFY = `import { createHmac, timingSafeEqual } from "node:crypto";

/** Whether a delivery is genuine. body: as it came, as text; signature: the field Postern-Signature. */
export function isGenuine(secret, body, signature, now = Date.now()) {
  const [, time, mac] = /^t=(\\d+),v1=([0-9a-f]{64})$/.exec(signature ?? "") ?? [];
  if (mac === undefined || Math.abs(now / 1000 - Number(time)) > 300) return false;
  const expected = createHmac("sha256", secret).update(\`\${time}.\${body}\`).digest();
  return timingSafeEqual(expected, Buffer.from(mac, "hex"));
}`;

function fenced(language: string, text: string): string {
  return ["```" + language, text, "```"].join("\n");
}

/** Every field by its path, in the order of the document. */
function schemaTable(schema: JsonSchema): string {
  return ["| field | value | |", "|---|---|---|", ...rows(schema, "")].join("\n");
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
  return types.join(" or ") + (items === undefined || items.properties !== undefined ? "" : ` of ${valueText(items)}`);
}
