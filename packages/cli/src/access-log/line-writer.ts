import type { AccessOutput } from "@postern/gateway/access-log";

/** Where batches of lines go. */
export interface LineSink {
  /** Writes whole lines, or drops them. It does not wait. @returns false if they were dropped at once */
  lines(text: string): boolean;
}

/** Characters of a batch: one write to the disk costs as much as formatting many lines. */
const BATCH = 32 * 1024;
/** Milliseconds that a line waits for others. */
const DELAY = 100;
/** Milliseconds between two warnings. */
const WARNING_INTERVAL = 60_000;

export interface LineWriterOptions {
  sink: LineSink;
  /** What the lines are written to, for the warning. */
  name: string;
  /** Called when lines are dropped, at most once a minute. */
  onWarning: (text: string) => void;
  now?: () => number;
}

/** Collects lines into batches, and counts those that are dropped. */
export class LineWriter implements AccessOutput {
  /** Lines since the start, including the dropped ones. */
  lines = 0;
  dropped = 0;
  readonly #options: LineWriterOptions;
  readonly #now: () => number;
  #batch = "";
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #warnedAt = -Infinity;
  #isClosed = false;

  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  write(line: string): void {
    if (this.#isClosed) return;
    this.lines++;
    this.#count++;
    this.#batch += `${line}\n`;
    if (this.#batch.length >= BATCH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), DELAY);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [batch, count] = [this.#batch, this.#count];
    if (count === 0) return;
    this.#batch = "";
    this.#count = 0;
    if (!this.#options.sink.lines(batch)) this.onDropped(count);
  }

  /** Writes the last lines. Those that come later are lost: requests that a stop has cut off may end after it. */
  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  /** Lines could not be written. */
  onDropped(count: number): void {
    this.dropped += count;
    const now = this.#now();
    if (now - this.#warnedAt < WARNING_INTERVAL) return;
    this.#warnedAt = now;
    const { name, onWarning } = this.#options;
    const lines = `${this.dropped} ${this.dropped === 1 ? "line" : "lines"}`;
    onWarning(
      `The access log ${name} cannot be written as fast as requests arrive: ${lines} dropped so far. Requests are served. Free space on the disk, or log fewer requests.`,
    );
  }
}
