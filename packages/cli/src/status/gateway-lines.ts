import type { GatewayReport } from "@postern/client/status";
import { alignedLine, columnWidths } from "../terminal/columns.js";
import type { Paint } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";
import { rateText } from "../terminal/quantity.js";

const COLUMNS = ["ROUTE", "REQUESTS", "4XX", "5XX", "TARGETS"];

/** Formats the routes of a gateway, one per line. */
export function gatewayLines(
  { address, secure_address: secure, connections, access_log: log, routes }: GatewayReport,
  paint: Paint,
): string[] {
  const places = [`http://${address}`, ...(secure === null ? [] : [`https://${secure}`])].map((url) =>
    paint.cyan(printable(url)),
  );
  const head = `Gateway  ${places.join("  ")}  ${connections} connection${connections === 1 ? "" : "s"}`;
  const rows = routes.map(({ route, action, requests, targets }) => [
    paint.bold(printable(route)),
    String(Object.values(requests).reduce((sum, each) => sum + each, 0)),
    String(requests["4xx"]),
    requests["5xx"] > 0 ? paint.red(String(requests["5xx"])) : "0",
    targets.length > 0 ? targets.map((target) => targetText(target, paint)).join(", ") : action,
  ]);
  const table = [COLUMNS.map((name) => paint.dim(name)), ...rows];
  const widths = columnWidths(table);
  const lost = log === null || log.dropped === 0 ? [] : [paint.yellow(lostText(log))];
  return [head, ...table.map((cells) => alignedLine(cells, widths)), ...failureLines(routes), ...lost];
}

function lostText({ lines, dropped }: NonNullable<GatewayReport["access_log"]>): string {
  return `${dropped} of ${lines} lines of the access log were dropped: the disk or the reader is full or too slow`;
}

/** Why targets that get no requests have failed. */
function failureLines(routes: GatewayReport["routes"]): string[] {
  const lines = routes.flatMap(({ targets }) =>
    targets.flatMap(({ target, state, last_failure: failure }) =>
      state === "ok" || state === "drained" || failure === null
        ? []
        : [
            `${printable(target)} failed${failure.time === null ? "" : ` at ${failure.time}`}: ${printable(failure.reason)}`,
          ],
    ),
  );
  return [...new Set(lines)];
}

function targetText(
  { target, state, active, requests_per_second: rate }: GatewayReport["routes"][number]["targets"][number],
  paint: Paint,
): string {
  const name = printable(target);
  const shown = state === "ok" ? name : paint.yellow(`${name} (${stateText(state)})`);
  const use = [...(rate > 0 ? [`${rateText(rate)}/s`] : []), ...(active === 0 ? [] : [`${active} active`])];
  return use.length === 0 ? shown : `${shown} [${use.join(", ")}]`;
}

function stateText(state: string): string {
  return state === "drained" ? "drained: weight 0" : state.replaceAll("_", " ");
}
