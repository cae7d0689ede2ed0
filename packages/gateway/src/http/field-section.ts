import { FieldLine } from "./field-line.js";
import { Field, fieldSet, identify } from "./field-name.js";
import { type Refusal, refusals } from "./refusal.js";
import { textOf } from "./latin1.js";

/** How large a head (or trailers) may be. */
export interface HeadLimits {
  /** Bytes from the first of the start line to the blank line's last. Default 16 KiB; beyond: 431 (414 within the request line). */
  readonly bytes: number;
  /** Header lines. Default 100; beyond: 431. */
  readonly fields: number;
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = { bytes: 16_384, fields: 100 };

/** The field lines of one head: where each lies and what it means. Reused; positions are those in the bytes last read. */
export class FieldSection {
  refusal: Refusal | undefined = undefined;
  /** How many lines there are. */
  count = 0;

  /** Parts of the bytes last gathered: start and end of each, in turn. */
  readonly spans: number[] = [];
  spanCount = 0;
  /** Sum of the spans' lengths. */
  spanBytes = 0;

  readonly #line = new FieldLine();
  readonly #fields: Field[] = [];
  /** Starts of the lines, and of the blank line after them. */
  readonly #starts: number[] = [];
  readonly #nameEnds: number[] = [];
  readonly #valueStarts: number[] = [];
  readonly #valueEnds: number[] = [];
  #seen = 0;
  #repeated = 0;

  /** @returns the position after the blank line; 0 when it lies beyond `end`; -1 when a line is refused (see `refusal`). */
  read(bytes: Buffer, start: number, end: number, maxFields: number): number {
    const line = this.#line;
    this.#seen = 0;
    this.#repeated = 0;
    let at = start;
    for (let n = 0; ; n++) {
      this.#starts[n] = at;
      const next = line.read(bytes, at, end);
      if (next <= 0) {
        this.refusal = line.refusal;
        return next;
      }
      if (line.nameEnd === at) {
        this.count = n;
        return next;
      }
      if (n === maxFields) {
        this.refusal = refusals.PN_HTTP_HEAD_TOO_LARGE;
        return -1;
      }
      const field = identify(bytes, at, line.nameEnd);
      this.#repeated |= this.#seen & (1 << field);
      this.#seen |= 1 << field;
      this.#fields[n] = field;
      this.#nameEnds[n] = line.nameEnd;
      this.#valueStarts[n] = line.valueStart;
      this.#valueEnds[n] = line.valueEnd;
      at = next;
    }
  }

  has(field: Field): boolean {
    return (this.#seen & (1 << field)) !== 0;
  }

  repeats(field: Field): boolean {
    return (this.#repeated & (1 << field)) !== 0;
  }

  /** The index of the first line of this meaning from `from` on; -1: none. */
  find(field: Field, from = 0): number {
    if (!this.has(field)) return -1;
    for (let n = from; n < this.count; n++) if (this.#fields[n] === field) return n;
    return -1;
  }

  valueStart(index: number): number {
    return this.#valueStarts[index]!;
  }

  valueEnd(index: number): number {
    return this.#valueEnds[index]!;
  }

  /** The value of the first line of this meaning; empty without one. */
  value(bytes: Buffer, field: Field): string {
    const index = this.find(field);
    return index < 0 ? "" : textOf(bytes, this.#valueStarts[index]!, this.#valueEnds[index]!);
  }

  /** Makes every line with this name (a lower-case string) one of its connection only, unless its meaning is one that we write ourselves. */
  demote(bytes: Buffer, name: string): void {
    for (let n = 0; n < this.count; n++) {
      const start = this.#starts[n]!;
      if (this.#nameEnds[n]! - start !== name.length || ((1 << this.#fields[n]!) & DEMOTABLE) === 0) continue;
      if (textOf(bytes, start, this.#nameEnds[n]!).toLowerCase() !== name) continue;
      this.#fields[n] = Field.hopByHop;
      this.#seen |= 1 << Field.hopByHop;
    }
  }

  /**
   * Gathers what goes on as it is, in `spans`: from `start` (before the first line, or at it) to the last line, without the lines
   * whose meaning is in the bit set `dropped`. Neighbours are one span.
   */
  gather(start: number, dropped: number): void {
    const { spans } = this;
    const end = this.#starts[this.count]!;
    let from = start;
    let n = 0;
    let total = 0;
    if ((this.#seen & dropped) !== 0) {
      for (let index = 0; index < this.count; index++) {
        if (((1 << this.#fields[index]!) & dropped) === 0) continue;
        const until = this.#starts[index]!;
        if (until > from) {
          spans[n++] = from;
          spans[n++] = until;
          total += until - from;
        }
        from = this.#starts[index + 1]!;
      }
    }
    if (end > from) {
      spans[n++] = from;
      spans[n++] = end;
      total += end - from;
    }
    this.spanCount = n >> 1;
    this.spanBytes = total;
  }

  /** Copies the gathered spans to `target` at `at`. @returns the position after them. */
  copyTo(target: Buffer, at: number, bytes: Buffer): number {
    for (let n = 0; n < this.spanCount; n++) {
      const start = this.spans[2 * n]!;
      const end = this.spans[2 * n + 1]!;
      bytes.copy(target, at, start, end);
      at += end - start;
    }
    return at;
  }
}

const DEMOTABLE = fieldSet(Field.other, Field.accept, Field.control);
