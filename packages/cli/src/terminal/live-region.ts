import { stripVTControlCharacters } from "node:util";
import type { Output } from "./output.js";

/** Lines at the end of a terminal that are drawn again in their place. Lines must not be wider than the terminal. */
export class LiveRegion {
  readonly #output: Output;
  #drawn: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Puts `lines` where the last ones are. */
  draw(lines: readonly string[]): void {
    const drawn = lines.map((line) => `${line}\x1b[K`).join("\n");
    this.#output.line(`${this.#back()}${drawn}\x1b[J`);
    this.#drawn = lines;
  }

  /** Takes the lines away, so that something else can be written there. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#output.text(`${this.#back()}\x1b[J`);
    this.#drawn = [];
  }

  /** The lines stay; what comes is written after them. */
  leave(): void {
    this.#drawn = [];
  }

  /** A terminal that has become narrower since has broken lines in two. */
  #back(): string {
    const columns = this.#output.columns ?? Infinity;
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)),
      0,
    );
    return rows === 0 ? "" : `\r\x1b[${rows}A`;
  }
}
