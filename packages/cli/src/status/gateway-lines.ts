import { stripVTControlCharacters } from "node:util";
import type { GatewayReport } from "@postern/client/status";
import type { Paint } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";

const COLUMNS = ["ROUTE", "REQUESTS", "4XX", "5XX", "TARGETS"];
const GAP = "  ";
const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Formats the routes of a gateway, one per line. */
export function gatewayLines(
  { address, secure_address: secure, connections, routes }: GatewayReport,
  paint: Paint,
): string[] {
  const places = [`http://${address}`, ...(secure === null ? [] : [`https://${secure}`])].map((url) =>
    paint.cyan(printable(url)),
  );
  const head = `Gateway  ${places.join("  ")}  ${connections} connection${connections === 1 ? "" : "s"}`;
  const rows = routes.map(({ route, action, requests, targets }) => [
    paint.bold(printable(route)),
    String(CLASSES.reduce((sum, name) => sum + requests[name], 0)),
    String(requests["4xx"]),
    requests["5xx"] > 0 ? paint.red(String(requests["5xx"])) : "0",
    action === "forward" ? targets.map((target) => targetText(target, paint)).join(", ") : action,
  ]);
  return [head, ...aligned([COLUMNS.map((name) => paint.dim(name)), ...rows])];
}

function targetText(
  { target, state, active }: GatewayReport["routes"][number]["targets"][number],
  paint: Paint,
): string {
  const name = printable(target);
  const shown = state === "ok" ? name : paint.yellow(`${name} (${state})`);
  return active === 0 ? shown : `${shown} [${active} active]`;
}

function aligned(rows: readonly string[][]): string[] {
  const width = (text: string): number => stripVTControlCharacters(text).length;
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => width(row[column]!))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(widths[column]! - width(cell)))
      .join(GAP)
      .trimEnd(),
  );
}
