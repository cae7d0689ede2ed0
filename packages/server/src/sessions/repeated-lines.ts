/** Different lines that a session writes in one interval. Its other lines are only counted. */
const MOST_LINES = 64;
/** Milliseconds between two summaries. */
const INTERVAL = 60_000;

/** The values by which lines are compared. */
export interface LineAbout {
  readonly name?: string | undefined;
  readonly code?: string;
}

/** Where the lines are written. */
export interface LineWriter {
  write(level: "info" | "warn", fields: object, message: string): void;
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
  readonly #writer: LineWriter;
  /** Undefined while there are none: most sessions write nothing for hours. */
  #lines: Map<string, Line> | undefined;
  #others = 0;
  #since: number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(writer: LineWriter, now: number) {
    this.#writer = writer;
    this.#since = now;
  }

  /** @param more values of the first line only. */
  write(level: Line["level"], message: string, about: LineAbout, more: object = {}): void {
    const key = [message, about.code, about.name].join("\n");
    const lines = (this.#lines ??= new Map());
    const line = lines.get(key);
    if (line !== undefined) line.repeated++;
    else if (lines.size >= MOST_LINES) this.#others++;
    else {
      lines.set(key, { level, message, about, repeated: 0 });
      this.#writer.write(level, { ...about, ...more }, message);
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
    const writer = this.#writer;
    for (const { level, message, about, repeated } of this.#lines?.values() ?? [])
      if (repeated > 0) writer.write(level, { ...about, repeated }, `${message}, repeatedly`);
    if (this.#others > 0) writer.write("warn", { lines: this.#others }, "more log lines of this session");
    this.#lines = undefined;
    this.#others = 0;
  }
}
