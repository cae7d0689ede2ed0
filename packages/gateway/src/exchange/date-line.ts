import type { ResponseHead } from "../http/index.js";
import type { ResponseEdits } from "./visitor-side.js";

/** The line of the Date field. */
export class DateLine implements ResponseEdits {
  readonly #now: () => number;
  #second = -1;
  #lines = "";

  /** @param now milliseconds since 1970. Default: the system's clock. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The line with the current time, formatted at most once a second. */
  get lines(): string {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
    }
    return this.#lines;
  }
}

/** The line with the time of the system. */
export const DATE = new DateLine();
const NO_EDITS: ResponseEdits = { lines: "" };

/**
 * Adds a Date field to a final response without one (RFC 9110 6.6.1): caches compute the age of a response from it. The
 * response that switches protocols is never cached.
 */
export function missingDate({ status, hasDate }: ResponseHead): ResponseEdits {
  return hasDate || status === 101 ? NO_EDITS : DATE;
}
