import { builtins } from "@postern/net";
import { connectionLine, type ResponseOptions } from "../http/index.js";
import { linesWithout } from "../filters/field-lines.js";
import { writeText } from "../http/latin1.js";

const { STATUS_CODES } = builtins.http;
const NOTHING = Buffer.alloc(0);
const CRLF = "\r\n";
const LENGTH = /^Content-Length: (\d+)\r\n/m;

/** In the order of the head. */
export type HeadFields = readonly (readonly [name: string, value: string])[];

/** The head of a response that is sent many times. Its body has a known length, or there is none. */
export class PreparedHead {
  readonly status: number;
  /** The bytes of a file stay where they are. Copies of larger ones would be garbage that V8 frees late. */
  readonly mostJoined = 2 * 1024;
  /** One text, and not one for each field, because there are many of these heads. */
  readonly #text: string;

  /** @param fields all but Date and Connection: Content-Length too. Or the head's text itself */
  constructor(status: number, fields: HeadFields | string) {
    this.status = status;
    this.#text = typeof fields === "string" ? fields : textOf(status, fields);
  }

  write(options: ResponseOptions, body: Buffer = NOTHING): Buffer {
    const { lines = "" } = options;
    const connection = connectionLine(options.close, options.visitorMinor);
    const length = this.#text.length + lines.length + connection.length + CRLF.length;
    const head = Buffer.allocUnsafe(length + body.length);
    let at = writeText(head, 0, this.#text);
    at = writeText(head, at, lines);
    at = writeText(head, at, connection);
    at = writeText(head, at, CRLF);
    if (body.length > 0) head.set(body, at);
    return head;
  }

  closes({ close }: ResponseOptions): boolean {
    return close;
  }

  get contentLength(): number {
    return Number(LENGTH.exec(this.#text)?.[1] ?? -1);
  }

  without(names: readonly string[]): PreparedHead {
    const fields = this.#text.indexOf(CRLF) + CRLF.length;
    return new PreparedHead(this.status, this.#text.slice(0, fields) + linesWithout(this.#text.slice(fields), names));
  }

  text(): string {
    return this.#text.replace(LENGTH, "");
  }

  eachField(visit: (name: string, value: string) => void): void {
    for (const line of this.#text.split(CRLF).slice(1, -1)) {
      const colon = line.indexOf(": ");
      const name = line.slice(0, colon).toLowerCase();
      if (name !== "content-length") visit(name, line.slice(colon + 2));
    }
  }
}

function textOf(status: number, fields: HeadFields): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}${CRLF}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}${CRLF}`, ...lines].join("");
}
