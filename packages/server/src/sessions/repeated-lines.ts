import type { Logger } from "pino";

/** Different lines that a session writes in one interval. Its other lines are only counted. */
const MOST_LINES = 64;
/** Milliseconds between two summaries. */
const INTERVAL = 60_000;

/** The values by which lines are compared. */
export interface LineAbout {
  readonly name?: string | undefined;
  readonly code?: string;
}

interface Line {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly about: LineAbout;
  /** How many times it was counted instead of written. */
  repeated: number;
}

/**
 * Log lines that a client can cause again and again. The first of equal lines is written at once. The others are
 * counted, and their number is written once a minute and at the end.
 */
export class RepeatedLines {
  readonly #log: () => Logger;
  readonly #lines = new Map<string, Line>();
  #others = 0;
  #since: number;

  /**
   * @param log returns the current logger, which changes at login.
   * @param now milliseconds of a monotonic clock.
   */
  constructor(log: () => Logger, now: number) {
    this.#log = log;
    this.#since = now;
  }

  /** @param more values of the first line only. */
  write(level: Line["level"], message: string, about: LineAbout, more: object = {}): void {
    const key = [message, about.code, about.name].join("\n");
    const line = this.#lines.get(key);
    if (line !== undefined) line.repeated++;
    else if (this.#lines.size >= MOST_LINES) this.#others++;
    else {
      this.#lines.set(key, { level, message, about, repeated: 0 });
      this.#log()[level]({ ...about, ...more }, message);
    }
  }

  /** Writes a summary if it is due. Call it about once a second. */
  tick(now: number): void {
    if (now - this.#since < INTERVAL) return;
    this.#since = now;
    this.flush();
  }

  /** Writes what was counted. */
  flush(): void {
    const log = this.#log();
    for (const { level, message, about, repeated } of this.#lines.values())
      if (repeated > 0) log[level]({ ...about, repeated }, `${message}, repeatedly`);
    if (this.#others > 0) log.warn({ lines: this.#others }, "more log lines of this session");
    this.#lines.clear();
    this.#others = 0;
  }
}
