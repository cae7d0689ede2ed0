import { connectionLine, type ResponseOptions } from "../http/index.js";
import { writeText } from "../http/latin1.js";
import type { FinalHead, ResponseEdits } from "../exchange/visitor-side.js";
import { linesOf, nameOf } from "./field-lines.js";
import type { FilteredHead } from "./response-filter.js";

const NOTHING = Buffer.alloc(0);
const CRLF = "\r\n";

/** A copy of a response's head whose fields can change. */
export class EditedHead implements FinalHead, FilteredHead {
  readonly method: string;
  readonly status: number;
  readonly mostJoined = 16 * 1024;
  /** -1: it is not known in advance. */
  contentLength: number;
  readonly hasBody: boolean;
  readonly #mayHaveContent: boolean;
  readonly #statusLine: string;
  /** The fields of the original head that are left. */
  #lines: string[];
  #added: string[] = [];
  readonly #dropped: string[] = [];
  #hasLength = true;

  /** @param method of the request */
  constructor(head: FinalHead, method: string) {
    this.method = method;
    this.status = head.status;
    this.contentLength = head.contentLength;
    const isBodiless = head.status < 200 || head.status === 204 || head.status === 304;
    this.#mayHaveContent = !isBodiless;
    this.hasBody = this.#mayHaveContent && method !== "HEAD";
    [this.#statusLine = "", ...this.#lines] = linesOf(head.text());
  }

  get hasContent(): boolean {
    return this.#mayHaveContent && this.contentLength !== 0;
  }

  fieldValue(name: string): string {
    const values: string[] = [];
    for (const lines of [this.#lines, this.#added])
      for (const line of lines) if (isNamed(line, name)) values.push(line.slice(name.length + 1).trim());
    return values.join(", ");
  }

  drop(name: string): void {
    this.#dropped.push(name);
    this.#lines = this.#lines.filter((line) => !isNamed(line, name));
    this.#added = this.#added.filter((line) => !isNamed(line, name));
  }

  add(line: string): void {
    this.#added.push(line);
  }

  dropLength(): void {
    this.contentLength = -1;
    this.#hasLength = false;
  }

  /** The original head, if its body is not coded. Its edits are in `edits`. */
  on(head: FinalHead, { lines }: ResponseEdits): { head: FinalHead; edits: ResponseEdits } {
    if (!this.#hasLength) return { head: this, edits: { lines } };
    const kept = this.#dropped.length === 0 ? head : head.without(this.#dropped);
    return { head: kept, edits: { lines: lines + ended(this.#added) } };
  }

  without(names: readonly string[]): this {
    for (const name of names) this.drop(name);
    return this;
  }

  write(options: ResponseOptions, body: Buffer = NOTHING): Buffer {
    const { lines = "", visitorMinor } = options;
    const text = this.text() + this.#framing(visitorMinor) + lines;
    const end = connectionLine(this.closes(options), visitorMinor) + CRLF;
    const head = Buffer.allocUnsafe(text.length + end.length + body.length);
    writeText(head, writeText(head, 0, text), end);
    if (body.length > 0) head.set(body, head.length - body.length);
    return head;
  }

  closes({ close, visitorMinor }: ResponseOptions): boolean {
    return close || (this.hasBody && this.contentLength < 0 && visitorMinor === 0);
  }

  text(): string {
    return ended([this.#statusLine, ...this.#lines, ...this.#added]);
  }

  eachField(visit: (name: string, value: string) => void): void {
    for (const line of [...this.#lines, ...this.#added]) visit(nameOf(line), line.slice(line.indexOf(":") + 1).trim());
  }

  /** HTTP/1.0 has no chunks: there, the end of the connection ends the body. */
  #framing(visitorMinor: 0 | 1): string {
    if (this.contentLength >= 0) return `Content-Length: ${this.contentLength}${CRLF}`;
    return this.hasBody && visitorMinor === 1 ? `Transfer-Encoding: chunked${CRLF}` : "";
  }
}

function ended(lines: readonly string[]): string {
  return lines.map((line) => line + CRLF).join("");
}

/** Cheaper than to compare the name: nearly every other name has another length. */
function isNamed(line: string, name: string): boolean {
  return line[name.length] === ":" && line.slice(0, name.length).toLowerCase() === name;
}
