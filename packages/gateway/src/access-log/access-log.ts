import type { AccessLogger, FinishedRequest } from "../route.js";
import { AccessFilter, type AccessFilterOptions } from "./access-filter.js";
import { combinedFormat } from "./combined-format.js";
import { jsonFormat } from "./json-format.js";
import type { LineFormat, LoggedPlace, ShownFields } from "./line-format.js";
import type { LoggedTextOptions } from "./logged-texts.js";

export const ACCESS_FORMATS = ["json", "combined", "common"] as const;

/** An access log, as data. */
export interface AccessLogOptions extends AccessFilterOptions, Omit<LoggedTextOptions, "escape"> {
  readonly format: (typeof ACCESS_FORMATS)[number];
  /** The name of its output. Logs with the same name share the output. */
  readonly output: string;
  readonly shown?: ShownFields;
}

/** Takes complete lines. It must neither wait nor throw: what does not fit is dropped there. */
export interface AccessOutput {
  /** @param line without its end */
  write(line: string): void;
}

/** What happened to lines since the start. */
export interface AccessLogFigures {
  /** All lines, including the dropped ones. */
  readonly lines: number;
  /** Those that could not be written. */
  readonly dropped: number;
}

export interface AccessLogDependencies {
  /** The time in milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
  /** A number from 0 to below 1, for samples. Default: Math.random. */
  readonly random?: () => number;
}

/** A log with a line for each request that its filter takes. */
export class AccessLog {
  readonly #filter: AccessFilter;
  readonly #format: LineFormat;
  readonly #output: AccessOutput;
  readonly #now: () => number;

  constructor(options: AccessLogOptions, output: AccessOutput, { now = Date.now, random }: AccessLogDependencies = {}) {
    const { format, shown = {} } = options;
    this.#filter = new AccessFilter(options, random);
    this.#format = format === "json" ? jsonFormat(shown, options) : combinedFormat(format, shown, options);
    this.#output = output;
    this.#now = now;
  }

  /** @param ownBytes the body bytes of the page, if the gateway itself responded */
  add(request: FinishedRequest, ownBytes: number, place: LoggedPlace): void {
    if (this.#filter.takes(request)) this.#output.write(this.#format(request, ownBytes, place, this.#now()));
  }

  /** The log of requests whose place `placeOf` tells. */
  of(placeOf: (request: FinishedRequest) => LoggedPlace): AccessLogger {
    return { add: (request, ownBytes) => this.add(request, ownBytes, placeOf(request)) };
  }
}
