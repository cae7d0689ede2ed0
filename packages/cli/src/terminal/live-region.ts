import { stripVTControlCharacters } from "node:util";
import type { Output } from "./output.js";

/** Lines at the end of a terminal that are redrawn in place. Lines must not be wider than the terminal. */
export class LiveRegion {
  readonly #output: Output;
  #drawn: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Replaces the lines. */
  draw(lines: readonly string[]): void {
    const drawn = lines.map((line) => `${line}\x1b[K`).join("\n");
    this.#output.line(`${this.#moveUp()}${drawn}\x1b[J`);
    this.#drawn = lines;
  }

  /** Erases the lines, so that other text can be written in their place. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#output.text(`${this.#moveUp()}\x1b[J`);
    this.#drawn = [];
  }

  /** Keeps the lines; later text is written after them. */
  leave(): void {
    this.#drawn = [];
  }

  /** Moves to the first line. If the terminal has become narrower, it has wrapped lines. */
  #moveUp(): string {
    const columns = this.#output.columns ?? Infinity;
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)),
      0,
    );
    return rows === 0 ? "" : `\r\x1b[${rows}A`;
  }
}
