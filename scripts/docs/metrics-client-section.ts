import { CLIENT_METRICS, HEALTH, RESPONSE_TIME_BOUNDS, STATUS_SCHEMA, type JsonSchema } from "@postern/client";

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
  ];
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
