import { DEFAULT_HEAD_LIMITS, refusals, trimmed, type HeadLimits, type Refusal } from "../http/index.js";
import type { ResponseRepair } from "./response-repair.js";

/** Flaws that can be repaired if nothing else is wrong. */
const REPAIRABLE: ReadonlySet<Refusal | undefined> = new Set([
  refusals.PN_HTTP_LINE_END,
  refusals.PN_HTTP_FOLDED,
  refusals.PN_HTTP_FIELD_NAME,
  refusals.PN_HTTP_FIELD_VALUE,
  refusals.PN_HTTP_CONTENT_LENGTH,
  refusals.PN_HTTP_FRAMING,
]);

const LINE = /([^\r\n\0]*)(\r?\n)/y;
/** A field line up to its colon, or as far as it has arrived. */
const NAME = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)([ \t]*)(:|$)/;
const FOLD = /^[ \t]/;
const NOTHING = Buffer.alloc(0);
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

interface FieldText {
  /** As the origin wrote it. */
  readonly name: string;
  readonly key: string;
  /** With the white space around it. */
  value: string;
}

/**
 * Writes the head of an origin's response again without the flaws in RESPONSE_REPAIRS. It is used only after the strict
 * reader has refused the head, and the strict reader reads the result. Requests are never repaired: an origin behind
 * the gateway would get a request that the visitor did not send. Reused.
 */
export class HeadRepair {
  /** Why `read` returned -1. */
  flaw: Refusal | undefined = undefined;
  /** The repaired head. */
  head: Buffer = NOTHING;
  readonly repairs = new Set<ResponseRepair>();
  readonly #limits: HeadLimits;
  #text = "";
  /** The position after the last whole line. */
  #at = 0;
  #fields: FieldText[] = [];

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Reads the head at the start of `bytes`.
   * @param flaw why the strict reader refuses it
   * @returns its length; 0 when it goes on beyond `bytes` and can be repaired so far; -1 when it cannot (see `flaw`).
   */
  read(bytes: Buffer, flaw: Refusal | undefined): number {
    this.flaw = flaw;
    if (!REPAIRABLE.has(flaw)) return -1;
    this.repairs.clear();
    this.#fields = [];
    this.#text = bytes.toString("latin1", 0, Math.min(bytes.length, this.#limits.bytes));
    this.#at = 0;
    const statusLine = this.#nextLine();
    for (let count = 0; statusLine !== undefined; count++) {
      const line = this.#nextLine();
      if (line === undefined) break;
      if (line === "") return this.#finish(statusLine);
      const fault = count === this.#limits.fields ? refusals.PN_HTTP_HEAD_TOO_LARGE : this.#addLine(line);
      if (fault !== undefined) return this.#refuse(fault);
    }
    const fault = partialLineFault(this.#text.slice(this.#at));
    if (fault !== undefined) return this.#refuse(fault);
    return this.#text.length < this.#limits.bytes ? 0 : this.#refuse(refusals.PN_HTTP_HEAD_TOO_LARGE);
  }

  /** The next line without its end; undefined when it is incomplete, or contains NUL or a bare CR. */
  #nextLine(): string | undefined {
    LINE.lastIndex = this.#at;
    const match = LINE.exec(this.#text);
    if (match === null) return undefined;
    this.#at = LINE.lastIndex;
    if (match[2] === "\n") this.repairs.add("bare_lf");
    return match[1];
  }

  #addLine(line: string): Refusal | undefined {
    if (FOLD.test(line)) {
      const field = this.#fields.at(-1);
      if (field === undefined) return refusals.PN_HTTP_FOLDED;
      field.value = ` ${trimmed(`${trimmed(field.value)} ${trimmed(line)}`)}`;
      this.repairs.add("folded_field");
      return undefined;
    }
    const [before = "", name = "", space, colon] = NAME.exec(line) ?? [];
    if (colon !== ":") return refusals.PN_HTTP_FIELD_NAME;
    if (space !== "") this.repairs.add("space_before_colon");
    this.#fields.push({ name, key: name.toLowerCase(), value: line.slice(before.length) });
    return undefined;
  }

  /** All lines have been read. */
  #finish(statusLine: string): number {
    const fault = this.#replaceControlBytes() ?? this.#mergeLengths();
    if (fault !== undefined) return this.#refuse(fault);
    if (!statusLine.startsWith("HTTP/1.0")) this.#preferChunks();
    // The strict reader has found something else.
    if (this.repairs.size === 0) return -1;
    const lines = this.#fields.map(({ name, value }) => `${name}:${value}\r\n`);
    this.head = Buffer.from(`${statusLine}\r\n${lines.join("")}\r\n`, "latin1");
    return this.#at;
  }

  /** A control byte in a framing field is not an accident. */
  #replaceControlBytes(): Refusal | undefined {
    for (const field of this.#fields) {
      const value = field.value.replace(CONTROL, " ");
      if (value === field.value) continue;
      if (field.key === "content-length" || field.key === "transfer-encoding") return refusals.PN_HTTP_FIELD_VALUE;
      field.value = value;
      this.repairs.add("control_byte");
    }
    return undefined;
  }

  /** Several equal lengths, in one line or more, become one. */
  #mergeLengths(): Refusal | undefined {
    const fields = this.#fields.filter(({ key }) => key === "content-length");
    const [first, ...others] = fields.flatMap(({ value }) => value.split(",")).map((number) => trimmed(number));
    if (first === undefined || others.length === 0) return undefined;
    if (!/^[0-9]+$/.test(first) || others.some((other) => other !== first)) return refusals.PN_HTTP_CONTENT_LENGTH;
    this.#fields = this.#fields.filter((field) => field.key !== "content-length" || field === fields[0]);
    fields[0]!.value = ` ${first}`;
    this.repairs.add("repeated_length");
    return undefined;
  }

  /** Chunks delimit the body where there is a length too (RFC 9112 6.3), which is then removed. */
  #preferChunks(): void {
    const [coding, ...others] = this.#fields.filter(({ key }) => key === "transfer-encoding");
    if (coding === undefined || others.length > 0 || trimmed(coding.value).toLowerCase() !== "chunked") return;
    const length = this.#fields.findIndex(({ key }) => key === "content-length");
    if (length < 0 || !/^[0-9]+$/.test(trimmed(this.#fields[length]!.value))) return;
    this.#fields.splice(length, 1);
    this.repairs.add("length_beside_chunks");
  }

  #refuse(flaw: Refusal): number {
    this.flaw = flaw;
    return -1;
  }
}

/** Why a line that has not ended cannot become valid. */
function partialLineFault(line: string): Refusal | undefined {
  if (line.includes("\0")) return refusals.PN_HTTP_FIELD_VALUE;
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (text.includes("\r")) return refusals.PN_HTTP_LINE_END;
  return text === "" || FOLD.test(text) || NAME.test(text) ? undefined : refusals.PN_HTTP_FIELD_NAME;
}
