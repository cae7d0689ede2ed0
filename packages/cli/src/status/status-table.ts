import type { EndpointReport } from "@postern/client";
import { isHealthy, otherClients, type StatusDocument } from "@postern/client/status";
import { alignedLine, columnWidths, lineWidth } from "../terminal/columns.js";
import { noted } from "../terminal/noted.js";
import type { Paint } from "../terminal/paint.js";
import { gatewayLines } from "./gateway-lines.js";
import { cutLine, printable, printableAscii } from "../terminal/printable.js";
import { ageText, durationText, rateText } from "../terminal/quantity.js";
import type { ClientResponse } from "./query-client.js";

/** Health scores from which an endpoint is shown in green, and in yellow. */
const GOOD = 80;
const FAIR = 40;
/** The minimum width of a URL. */
const MIN_URL_WIDTH = 16;
const COLUMNS = ["ENDPOINT", "STATE", "URL", "LOCAL", "UP", "HEALTH", "REQ/S", "RESPONSE", "PING"] as const;
const URL_COLUMN = COLUMNS.indexOf("URL");
/** The columns before this one are never left out. */
const LESS_IMPORTANT = COLUMNS.indexOf("UP");

/**
 * Formats the endpoints of all clients, one per line, and the problems of unhealthy ones below.
 * @param columns the width of the table; problems are not cut to it.
 */
export function statusTable(responses: readonly ClientResponse[], columns: number | undefined, paint: Paint): string[] {
  if (responses.length === 0) return ["No client is running. Start one with `postern http` or `postern start`."];
  const documents = responses.flatMap(({ document }) => document ?? []);
  const rows = documents.flatMap((document) =>
    document.endpoints.map((report) => ({ document, report, cells: cells(report, paint) })),
  );
  const lines: string[] = [];
  if (rows.length > 0) {
    // The process id matters only if there are several clients.
    const named = documents.length > 1;
    const head = [...(named ? ["PID"] : []), ...COLUMNS].map((each) => paint.dim(each));
    const body = rows.map(({ document, cells }) => [...(named ? [String(document.pid)] : []), ...cells]);
    const table = aligned([head, ...body], columns, named ? URL_COLUMN + 1 : URL_COLUMN);
    lines.push(...table.map((line) => cutLine(line, columns ?? Infinity)));
  }
  for (const { report } of rows) lines.push(...groupLines(report));
  for (const { report } of rows) lines.push(...accessLines(report, paint));
  for (const { document, report } of rows) if (!isHealthy(report)) lines.push(...troubleLines(document, report, paint));
  for (const { client, trouble } of responses)
    if (trouble !== undefined)
      lines.push(paint.yellow(`postern ${printable(client.command)} (process ${client.pid}): ${printable(trouble)}.`));
  for (const { gateway } of documents) {
    if (gateway === null || gateway === undefined) continue;
    if (lines.length > 0) lines.push("");
    lines.push(...gatewayLines(gateway, paint).map((line) => cutLine(line, columns ?? Infinity)));
  }
  if (rows.length === 0 && lines.length === 0) lines.push("No endpoint is running.");
  return lines;
}

function cells({ endpoint, state, public_url: url, health, metrics }: EndpointReport, paint: Paint): string[] {
  const { score, uptime_seconds: uptime, avg_ping_latency_ms: ping } = health;
  const isUp = state === "connected";
  const painted = score >= GOOD ? paint.green : score >= FAIR ? paint.yellow : paint.red;
  return [
    paint.bold(printableAscii(endpoint)),
    isUp ? paint.green(state) : state === "failed" || state === "disconnected" ? paint.red(state) : paint.yellow(state),
    url === null ? "-" : paint.cyan(printableAscii(url)),
    localCell(health.local, paint),
    isUp ? ageText(uptime) : "-",
    painted(String(score)),
    rateText(metrics.requests_per_minute / 60),
    metrics.avg_response_time_ms === null ? "-" : durationText(metrics.avg_response_time_ms),
    ping === null ? "-" : durationText(ping),
  ];
}

/** Older clients do not report their group. */
function groupLines({ endpoint, group = null }: Partial<EndpointReport>): string[] {
  if (group === null) return [];
  const others = otherClients(group.members).replace(/^N/, "n");
  return [`${printable(endpoint ?? "")}: ${others}${group.members < 2 ? "" : ` (${printable(group.strategy)})`}.`];
}

/** Older clients do not report the state of the local service. */
function localCell(local: EndpointReport["health"]["local"] | undefined, paint: Paint): string {
  if (local === "ok") return paint.green("ok");
  return local === "failing" ? paint.red("down") : "-";
}

/** Older clients do not report the policies. */
function accessLines(
  { endpoint, access }: Pick<EndpointReport, "endpoint"> & Partial<EndpointReport>,
  paint: Paint,
): string[] {
  const words = Object.values(access ?? {});
  return words.length === 0 ? [] : [paint.dim(`${printable(endpoint)}: access: ${printable(words.join(", "))}`)];
}

function troubleLines({ time }: StatusDocument, report: EndpointReport, paint: Paint): string[] {
  const { endpoint, state, health, config_summary: config } = report;
  const { last_error: error, data_plane: dataPlane, retry_count: retries } = health;
  const name = printable(endpoint);
  const lines: string[] = [];
  if (state === "connected" && dataPlane === "failing")
    lines.push(paint.red(`${name}: connected, but the end-to-end check fails: visitors may get errors.`));
  if (health.local === "failing") {
    const place = printable(config.local.replace(/^:?(\d+)$/, "localhost:$1"));
    lines.push(paint.red(`${name}: the local service at ${place} is down: visitors get status 502.`));
  }
  if (error !== null) {
    const age = ageText((Date.parse(time) - Date.parse(error.time)) / 1_000);
    const retry = retries === 0 ? "" : `, retry ${retries}`;
    const note = `${error.code}, ${age} ago${retry}`;
    lines.push(paint.yellow(`${name}: ${printable(noted(error.message, note))}`));
  }
  return lines;
}

/** Pads the cells. If the rows are too wide, columns are left out from the right, before the URL is cut. */
function aligned(rows: readonly string[][], columns = Infinity, urlColumn: number): string[] {
  const widths = columnWidths(rows);
  while (lineWidth(widths) > columns && widths.length > urlColumn - URL_COLUMN + LESS_IMPORTANT) widths.pop();
  const urlWidth = widths[urlColumn] ?? 0;
  const room = Math.max(MIN_URL_WIDTH, urlWidth - Math.max(0, lineWidth(widths) - columns));
  widths[urlColumn] = Math.min(room, urlWidth);
  return rows.map((row) =>
    alignedLine(
      row.map((cell, column) => (column === urlColumn ? cutLine(cell, widths[urlColumn] ?? 0) : cell)),
      widths,
    ),
  );
}
