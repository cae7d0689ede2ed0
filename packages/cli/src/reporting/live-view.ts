import type { LogLevel } from "@postern/config";
import type { EndpointReport } from "@postern/client";
import { LiveRegion } from "../terminal/live-region.js";
import { textMessages, type Messages } from "./messages.js";
import type { Output } from "../terminal/output.js";
import type { Paint } from "../terminal/paint.js";
import { cutLine, printable } from "../terminal/printable.js";
import { ageText, durationText, rateText } from "../terminal/quantity.js";

/** Milliseconds between two redraws, at least. */
const REDRAW_INTERVAL = 250;
/** Milliseconds between two updates of rates and ages. */
const UPDATE_INTERVAL = 1_000;
/** The number of requests that are shown. */
const MAX_REQUESTS = 8;
/** Rows that are left for the messages above. */
const ROWS_ABOVE = 6;

/** The content of the last line. */
export interface LiveFigures {
  report: EndpointReport;
  requestsPerSecond: number;
}

/**
 * The output of `postern http` in a terminal: messages scroll above; the last requests and a line with state, URL and
 * figures are redrawn in place below them.
 */
export class LiveView implements Messages {
  readonly paint: Paint;
  /** Provides the figures for each redraw. */
  figures: () => LiveFigures | undefined = () => undefined;
  readonly #output: Output;
  readonly #above: Messages;
  readonly #region: LiveRegion;
  readonly #ticker: NodeJS.Timeout;
  #requests: string[] = [];
  #shown = "";
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(output: Output, paint: Paint, level: LogLevel) {
    this.paint = paint;
    this.#output = output;
    this.#above = textMessages(output, paint, level);
    this.#region = new LiveRegion(output);
    this.#ticker = setInterval(() => this.#scheduleDraw(), UPDATE_INTERVAL).unref();
  }

  get columns(): number | undefined {
    return this.#output.columns;
  }

  print(...message: Parameters<Messages["print"]>): void {
    const [, text, fields] = message;
    if (!this.#isClosed && ("request_id" in fields || "omitted" in fields)) {
      this.#requests = [...this.#requests, text].slice(-MAX_REQUESTS);
      return this.#scheduleDraw();
    }
    this.#region.clear();
    this.#shown = "";
    this.#above.print(...message);
    if (!this.#isClosed) this.#draw();
  }

  /** Leaves the last drawing in place; later messages are printed after it. Can be called twice. */
  close(): void {
    if (this.#isClosed) return;
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
    this.#draw();
    this.#region.leave();
    this.#isClosed = true;
  }

  #scheduleDraw(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, REDRAW_INTERVAL).unref();
  }

  #draw(): void {
    const figures = this.figures();
    if (figures === undefined) return;
    const room = Math.max(0, (this.#output.rows ?? Infinity) - ROWS_ABOVE);
    const requests = this.#requests.slice(Math.max(0, this.#requests.length - room));
    const lines = [...requests, ...(requests.length > 0 ? [""] : []), figuresLine(figures, this.paint)];
    const cut = lines.map((line) => cutLine(line, this.#output.columns ?? Infinity));
    // Redrawing unchanged lines would only make the terminal flicker.
    if (this.#shown === cut.join("\n")) return;
    this.#shown = cut.join("\n");
    this.#region.draw(cut);
  }
}

/** ● connected 12 min  http://my-app.localhost:8080  42 requests, 3.2/s, median 4 ms, p95 20 ms */
export function figuresLine({ report, requestsPerSecond }: LiveFigures, paint: Paint): string {
  const { state, public_url: url, health, metrics } = report;
  const { p50_ms: p50, p95_ms: p95 } = metrics.response_times;
  const isUp = state === "connected";
  const problems = [
    ...(isUp && health.data_plane === "failing" ? ["end-to-end check fails"] : []),
    ...(health.local === "failing" ? ["local service unreachable"] : []),
  ];
  const painted = !isUp || problems.length > 0 ? paint.yellow : paint.green;
  const rate = `${metrics.http_requests} request${metrics.http_requests === 1 ? "" : "s"}, ${rateText(requestsPerSecond)}/s`;
  const times = p50 === null || p95 === null ? "" : `, median ${durationText(p50)}, p95 ${durationText(p95)}`;
  return [
    painted(`● ${state}${isUp ? ` ${ageText(health.uptime_seconds)}` : ""}`),
    ...problems.map((each) => paint.red(each)),
    ...(url === null ? [] : [paint.cyan(printable(url))]),
    ...(metrics.http_requests === 0 ? [] : [paint.dim(`${rate}${times}`)]),
  ].join("  ");
}
