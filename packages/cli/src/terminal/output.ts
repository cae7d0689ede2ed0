import type { Writable } from "node:stream";

const DEFAULT_LIMIT = 1024 * 1024;

/** A stream for people or programs that never crashes or fills memory when nobody reads it. */
export class Output {
  readonly #stream: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  readonly #limit: number;
  #closed = false;
  #lost = 0;
  #footer: readonly string[] = [];

  /** @param limit bytes that may wait for a slow reader; lines beyond are counted and left out. */
  constructor(stream: Writable & { isTTY?: boolean; columns?: number; rows?: number }, limit = DEFAULT_LIMIT) {
    this.#stream = stream;
    this.#limit = limit;
    // EPIPE, or a terminal that is gone: the work goes on, only nobody watches it.
    stream.on("error", () => (this.#closed = true));
  }

  get terminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** The terminal's width; undefined when this is none. */
  get columns(): number | undefined {
    return this.terminal ? this.#stream.columns || 80 : undefined;
  }

  /** The terminal's height; undefined when this is none. */
  get rows(): number | undefined {
    return this.terminal ? (this.#stream.rows ?? 24) : undefined;
  }

  /** How many lines were left out since the last that was written. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Writes one or more whole lines.
   * @param lossLine says, as a line before this one, how many were left out.
   */
  line(text: string, lossLine: (lost: number) => string = peopleLossLine): void {
    if (this.#closed || this.#stream.destroyed) return;
    if (this.#stream.writableLength > this.#limit) {
      this.#lost += 1;
      return;
    }
    const loss = this.#lost > 0 ? `${lossLine(this.#lost)}\n` : "";
    this.#lost = 0;
    this.#stream.write(`${this.#withoutFooter}${loss}${text}\n${footerText(this.#footer)}`);
  }

  /** Keeps these lines below all others, on a terminal; none: no more. Each must be narrower than the terminal. */
  footer(lines: readonly string[]): void {
    if (!this.terminal || this.#closed || this.#stream.destroyed || this.#stream.writableLength > this.#limit) return;
    this.#stream.write(this.#withoutFooter + footerText(lines));
    this.#footer = lines;
  }

  /** Takes the footer away, so that the next line stands in its place. */
  get #withoutFooter(): string {
    const { length } = this.#footer;
    return length === 0 ? "" : `\u001b[${length}A\u001b[J`;
  }

  /** Writes what is no line, for a terminal; nothing when its reader is behind. */
  text(text: string): void {
    if (this.#closed || this.#stream.destroyed || this.#stream.writableLength > this.#limit) return;
    this.#stream.write(text);
  }

  /** Resolves when everything has been taken, or after `timeout` milliseconds. */
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

function peopleLossLine(lost: number): string {
  return `… ${lost} lines left out, because nobody read them`;
}
