import type { Writable } from "node:stream";

const DEFAULT_LIMIT = 1024 * 1024;

/** A stream that neither fails nor fills memory when its reader is slow or gone. */
export class Output {
  readonly #stream: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  readonly #limit: number;
  #closed = false;
  #lost = 0;
  #footer: readonly string[] = [];

  /** @param limit bytes that may wait for a slow reader; more lines are dropped and counted. */
  constructor(stream: Writable & { isTTY?: boolean; columns?: number; rows?: number }, limit = DEFAULT_LIMIT) {
    this.#stream = stream;
    this.#limit = limit;
    // EPIPE, or a closed terminal. The command continues without output.
    stream.on("error", () => (this.#closed = true));
  }

  get terminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** The terminal's width; undefined when this is not a terminal. */
  get columns(): number | undefined {
    return this.terminal ? this.#stream.columns || 80 : undefined;
  }

  /** The terminal's height; undefined when this is not a terminal. */
  get rows(): number | undefined {
    return this.terminal ? (this.#stream.rows ?? 24) : undefined;
  }

  /** The number of lines that were dropped since the last written one. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Writes one or more whole lines.
   * @param lossLine formats the line that reports dropped lines, which is written before this one.
   */
  line(text: string, lossLine: (lost: number) => string = humanLossLine): void {
    if (this.#closed || this.#stream.destroyed) return;
    if (this.#isFull) {
      this.#lost += 1;
      return;
    }
    const loss = this.#lost > 0 ? `${lossLine(this.#lost)}\n` : "";
    this.#lost = 0;
    this.#stream.write(`${this.#withoutFooter}${loss}${text}\n${footerText(this.#footer)}`);
  }

  /** Writes whole lines, each with its end. @returns false if they were dropped, because the reader is slow or gone */
  lines(text: string): boolean {
    if (this.#closed || this.#stream.destroyed || this.#isFull) return false;
    this.#stream.write(`${this.#withoutFooter}${text}${footerText(this.#footer)}`);
    return true;
  }

  /**
   * Keeps these lines below all others on a terminal; an empty list ends that. Each must be narrower than the terminal.
   */
  footer(lines: readonly string[]): void {
    if (!this.terminal || this.#closed || this.#stream.destroyed || this.#isFull) return;
    this.#stream.write(this.#withoutFooter + footerText(lines));
    this.#footer = lines;
  }

  /** Whether the reader is slow. */
  get #isFull(): boolean {
    return this.#stream.writableLength > this.#limit;
  }

  /** Erases the footer, so that the next line replaces it. */
  get #withoutFooter(): string {
    const { length } = this.#footer;
    return length === 0 ? "" : `\u001b[${length}A\u001b[J`;
  }

  /** Writes terminal control text that is not a line; dropped when the reader is slow. */
  text(text: string): void {
    if (this.#closed || this.#stream.destroyed || this.#isFull) return;
    this.#stream.write(text);
  }

  /** Resolves when everything is written, or after `timeout` milliseconds. */
  async flushed(timeout: number): Promise<void> {
    if (this.#closed || this.#stream.destroyed || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout);
      this.#stream.write("", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function footerText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function humanLossLine(lost: number): string {
  return `… ${lost} lines dropped: the reader is too slow`;
}
