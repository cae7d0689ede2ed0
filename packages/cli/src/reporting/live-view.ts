import type { LogLevel } from "@postern/config";
import type { EndpointReport } from "@postern/client";
import { LiveRegion } from "../terminal/live-region.js";
import { textMessages, type Messages } from "./messages.js";
import type { Output } from "../terminal/output.js";
import type { Paint } from "../terminal/paint.js";
import { cutLine, printable } from "../terminal/printable.js";
import { ageText, durationText, rateText } from "../terminal/quantity.js";

/** At most four times a second: more is unrest. */
const REDRAW = 250;
/** Rates and ages change by themselves. */
const TICK = 1_000;
/** Requests that are shown. */
const REQUESTS = 8;
/** Rows of a terminal that are left for what is said above. */
const ROOM_ABOVE = 6;

/** What the last line says of the endpoint. */
export interface LiveFigures {
  report: EndpointReport;
  requestsPerSecond: number;
}

/**
 * What `postern http` shows in a terminal: messages as lines that stay, below them the last requests and a line with state, address and
 * figures, redrawn in their place.
 */
export class LiveView implements Messages {
  readonly paint: Paint;
  /** Where the figures come from. */
  figures: () => LiveFigures | undefined = () => undefined;
  readonly #output: Output;
  readonly #above: Messages;
  readonly #region: LiveRegion;
  readonly #ticker: NodeJS.Timeout;
  #requests: string[] = [];
  #shown = "";
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(output: Output, paint: Paint, level: LogLevel) {
    this.paint = paint;
    this.#output = output;
    this.#above = textMessages(output, paint, level);
    this.#region = new LiveRegion(output);
    this.#ticker = setInterval(() => this.#soon(), TICK).unref();
  }

  get columns(): number | undefined {
    return this.#output.columns;
  }

  say(...said: Parameters<Messages["say"]>): void {
    const [, text, fields] = said;
    if (!this.#isOver && ("request_id" in fields || "omitted" in fields)) {
      this.#requests = [...this.#requests, text].slice(-REQUESTS);
      return this.#soon();
    }
    this.#region.clear();
    this.#shown = "";
    this.#above.say(...said);
    if (!this.#isOver) this.#draw();
  }

  /** The last picture stays; what is said from now on comes after it. Can be called twice. */
  close(): void {
    if (this.#isOver) return;
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
    this.#draw();
    this.#region.leave();
    this.#isOver = true;
  }

  #soon(): void {
    if (this.#isOver) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, REDRAW).unref();
  }

  #draw(): void {
    const figures = this.figures();
    if (figures === undefined) return;
    const room = Math.max(0, (this.#output.rows ?? Infinity) - ROOM_ABOVE);
    const requests = this.#requests.slice(Math.max(0, this.#requests.length - room));
    const lines = [...requests, ...(requests.length > 0 ? [""] : []), figuresLine(figures, this.paint)];
    const cut = lines.map((line) => cutLine(line, this.#output.columns ?? Infinity));
    // A terminal that shows this already is left in peace.
    if (this.#shown === cut.join("\n")) return;
    this.#shown = cut.join("\n");
    this.#region.draw(cut);
  }
}

/** ● connected 12 min  http://my-app.localhost:8080  42 requests, 3.2/s, 4 ms (95 %: 20 ms) */
export function figuresLine({ report, requestsPerSecond }: LiveFigures, paint: Paint): string {
  const { state, public_url: url, health, metrics } = report;
  const { p50_ms: p50, p95_ms: p95 } = metrics.response_times;
  const isUp = state === "connected";
  const painted = !isUp || health.data_plane === "failing" ? paint.yellow : paint.green;
  const trouble = isUp && health.data_plane === "failing" ? [paint.red("visitors do not come through")] : [];
  const rate = `${metrics.http_requests} request${metrics.http_requests === 1 ? "" : "s"}, ${rateText(requestsPerSecond)}/s`;
  const times = p50 === null || p95 === null ? "" : `, ${durationText(p50)} (95 %: ${durationText(p95)})`;
  return [
    painted(`● ${state}${isUp ? ` ${ageText(health.uptime_seconds)}` : ""}`),
    ...trouble,
    ...(url === null ? [] : [paint.cyan(printable(url))]),
    ...(metrics.http_requests === 0 ? [] : [paint.dim(`${rate}${times}`)]),
  ].join("  ");
}
