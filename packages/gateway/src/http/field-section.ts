import { FieldLine } from "./field-line.js";
import { CLAIMABLE, Field, fieldSet, identify, Likeness, likeness } from "./field-name.js";
import { equalsText, isText, textOf } from "./latin1.js";
import { type Refusal, refusals } from "./refusal.js";

/** Size limits of a head or of trailers. */
export interface HeadLimits {
  /**
   * Bytes from the start line to the end of the blank line. Default 32 KiB. Beyond it: 431, or 414 within the request
   * line.
   */
  readonly bytes: number;
  /** Field lines. Default 200. Beyond it: 431. */
  readonly fields: number;
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = { bytes: 32_768, fields: 200 };

/** What is known about a line: the offset of each number among its WIDTH numbers. */
const [START, NAME_END, VALUE_START, VALUE_END, FIELD, WIDTH] = [0, 1, 2, 3, 4, 5];
/** The line that is being read, of any section. */
const LINE = new FieldLine();

/**
 * The field lines of one head or of trailers: the position and meaning of each. Reused; positions refer to the bytes
 * that were last read.
 */
export class FieldSection {
  refusal: Refusal | undefined = undefined;
  /** The number of lines read, even when a later line is refused or missing. */
  count = 0;

  /** The parts found by the last `gather`: start and end of each, alternating. */
  readonly spans: number[] = [];
  spanCount = 0;
  /** Sum of the spans' lengths. */
  spanBytes = 0;

  /**
   * WIDTH numbers for each line, and the start of the blank line after them. One array: with hundreds of visitors, most
   * of the time of a request goes to the first access to memory that is not in the processor's cache.
   */
  readonly #lines: number[] = [];
  #seen = 0;
  #repeated = 0;

  /** Forgets the lines. */
  clear(): void {
    this.count = 0;
    this.#seen = 0;
    this.#repeated = 0;
  }

  /** Forgets the lines and releases their memory, which the next lines need again. */
  shrink(): void {
    this.clear();
    this.spanCount = 0;
    this.spans.length = this.#lines.length = 0;
  }

  /**
   * @returns the position after the blank line; 0 when it lies beyond `end`; -1 when a line is refused (see `refusal`).
   */
  read(bytes: Buffer, start: number, end: number, maxFields: number): number {
    const line = LINE;
    const lines = this.#lines;
    let at = start;
    let n = 0;
    let last = 0;
    let seen = 0;
    let repeated = 0;
    let next: number;
    for (;;) {
      lines[last] = at;
      next = line.read(bytes, at, end);
      if (next <= 0 || line.nameEnd === at) break;
      if (n === maxFields) {
        next = -1;
        break;
      }
      const field = identify(bytes, at, line.nameEnd);
      const bit = 1 << field;
      repeated |= seen & bit;
      seen |= bit;
      lines[last + NAME_END] = line.nameEnd;
      lines[last + VALUE_START] = line.valueStart;
      lines[last + VALUE_END] = line.valueEnd;
      lines[last + FIELD] = field;
      at = next;
      n++;
      last += WIDTH;
    }
    this.count = n;
    this.#seen = seen;
    this.#repeated = repeated;
    if (next < 0) this.refusal = n === maxFields ? refusals.PN_HTTP_HEAD_TOO_LARGE : line.refusal;
    return next;
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
    for (let n = from; n < this.count; n++) if (this.#field(n) === field) return n;
    return -1;
  }

  valueStart(index: number): number {
    return this.#lines[index * WIDTH + VALUE_START]!;
  }

  valueEnd(index: number): number {
    return this.#lines[index * WIDTH + VALUE_END]!;
  }

  /** The value of one line. */
  value(bytes: Buffer, index: number): string {
    return textOf(bytes, this.valueStart(index), this.valueEnd(index));
  }

  /** The value of one line. @param last if the value is the same, this is returned, and no other text is made */
  repeatedValue(bytes: Buffer, index: number, last: string): string {
    return isText(bytes, this.valueStart(index), this.valueEnd(index), last) ? last : this.value(bytes, index);
  }

  /** Whether the value of one line is `text`, ignoring case. `text` is in lower case. */
  valueIs(bytes: Buffer, index: number, text: string): boolean {
    return equalsText(bytes, this.valueStart(index), this.valueEnd(index), text);
  }

  /**
   * Marks lines named `name` (lower case) as hop-by-hop, unless their meaning is a field that the gateway writes
   * itself.
   */
  demote(bytes: Buffer, name: string): void {
    for (let n = 0; n < this.count; n++) {
      if (((1 << this.#field(n)) & DEMOTABLE) === 0) continue;
      if (equalsText(bytes, this.#start(n), this.#nameEnd(n), name)) this.drop(n);
    }
  }

  /** Marks one line as hop-by-hop: it is not passed on. */
  drop(index: number): void {
    this.#mark(index, Field.hopByHop);
  }

  /** Drops lines named `name` (lower case). */
  dropNamed(bytes: Buffer, name: string): void {
    for (let n = 0; n < this.count; n++) if (equalsText(bytes, this.#start(n), this.#nameEnd(n), name)) this.drop(n);
  }

  /** Makes lines named `name` (lower case) identity fields, unless they are fields that the gateway writes itself. */
  claimIdentity(bytes: Buffer, name: string): void {
    for (let n = 0; n < this.count; n++) {
      if (((1 << this.#field(n)) & CLAIMABLE) === 0) continue;
      const found = likeness(bytes, this.#start(n), this.#nameEnd(n), name);
      if (found === Likeness.none) continue;
      this.#mark(n, found === Likeness.same ? Field.identity : Field.lookalike);
    }
  }

  /** Passes on the only identity field named `name` (lower case). */
  admitIdentity(bytes: Buffer, name: string): void {
    const index = this.sole(bytes, name, Field.identity);
    if (index >= 0) this.#mark(index, Field.other);
  }

  /** The index of the only line of this meaning named `name` (lower case); -1: there is none, or there are several. */
  sole(bytes: Buffer, name: string, field: Field): number {
    let found = -1;
    for (let n = this.find(field); n >= 0; n = this.find(field, n + 1)) {
      if (!this.isNamed(bytes, n, name)) continue;
      if (found >= 0) return -1;
      found = n;
    }
    return found;
  }

  /** Whether the name of one line is `name` (lower case). */
  isNamed(bytes: Buffer, index: number, name: string): boolean {
    return equalsText(bytes, this.#start(index), this.#nameEnd(index), name);
  }

  /** The name of one line, in lower case. */
  name(bytes: Buffer, index: number): string {
    return textOf(bytes, this.#start(index), this.#nameEnd(index)).toLowerCase();
  }

  /**
   * Calls `visit` with the name, in lower case, and the value of each line, except lines of the meanings in `dropped`.
   */
  each(bytes: Buffer, dropped: number, visit: (name: string, value: string) => void): void {
    for (let n = 0; n < this.count; n++) {
      if (((1 << this.#field(n)) & dropped) === 0) visit(this.name(bytes, n), this.value(bytes, n));
    }
  }

  /**
   * Finds the parts to pass on unchanged: from `start`, at or before the first line, to the last line, without lines of
   * the meanings in `dropped`.
   */
  gather(start: number, dropped: number): void {
    const { spans } = this;
    let from = start;
    let n = 0;
    let bytes = 0;
    if ((this.#seen & dropped) !== 0) {
      for (let index = 0; index < this.count; index++) {
        if (((1 << this.#field(index)) & dropped) === 0) continue;
        const until = this.#start(index);
        if (until > from) {
          spans[n++] = from;
          spans[n++] = until;
          bytes += until - from;
        }
        from = this.#start(index + 1);
      }
    }
    const end = this.#start(this.count);
    if (end > from) {
      spans[n++] = from;
      spans[n++] = end;
      bytes += end - from;
    }
    this.spanCount = n >> 1;
    this.spanBytes = bytes;
  }

  /** Copies the gathered parts to `target` at `at`. @returns the position after them. */
  copyTo(target: Buffer, at: number, bytes: Buffer): number {
    for (let n = 0; n < this.spanCount; n++) {
      const start = this.spans[2 * n]!;
      const end = this.spans[2 * n + 1]!;
      bytes.copy(target, at, start, end);
      at += end - start;
    }
    return at;
  }

  #start(index: number): number {
    return this.#lines[index * WIDTH + START]!;
  }

  #nameEnd(index: number): number {
    return this.#lines[index * WIDTH + NAME_END]!;
  }

  #field(index: number): Field {
    return this.#lines[index * WIDTH + FIELD] as Field;
  }

  #mark(index: number, field: Field): void {
    this.#lines[index * WIDTH + FIELD] = field;
    this.#seen |= 1 << field;
  }
}

const DEMOTABLE = CLAIMABLE | fieldSet(Field.setCookie, Field.date);
