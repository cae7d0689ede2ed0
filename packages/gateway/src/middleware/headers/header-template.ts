import type { StepRequest } from "../step.js";

/** What stands for a part of the request in the value of a header. */
const PLACEHOLDERS: Readonly<Record<string, (request: StepRequest) => string>> = {
  client_ip: ({ address }) => address,
  host: ({ host }) => host,
  method: ({ method }) => method,
  path: ({ path }) => path.split("?", 1)[0]!,
  request_id: (request) => request.requestId(),
  scheme: ({ site }) => site.slice(0, site.indexOf(":")),
  user: ({ principal = "" }) => principal,
};
const PLACEHOLDER = /\{([a-z_]+)\}/g;

/** The value of a header: fixed text, and placeholders such as `{client_ip}`. */
export class HeaderTemplate {
  /** The value; undefined: it depends on the request. */
  readonly fixed: string | undefined;
  readonly #text: string;

  /** @throws RangeError for characters that no header has, and for an unknown placeholder. */
  constructor(text: string) {
    // eslint-disable-next-line no-control-regex
    if (/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(text))
      throw new RangeError(
        `${JSON.stringify(text)} is not a header value: it has a character that headers cannot have.`,
      );
    for (const [all, name] of text.matchAll(PLACEHOLDER)) if (!Object.hasOwn(PLACEHOLDERS, name!)) throw unknown(all);
    this.#text = text;
    this.fixed = text.search(PLACEHOLDER) < 0 ? text : undefined;
  }

  value(request: StepRequest): string {
    if (this.fixed !== undefined) return this.fixed;
    return this.#text.replace(PLACEHOLDER, (_, name: string) => plain(PLACEHOLDERS[name]!(request)));
  }
}

function unknown(placeholder: string): RangeError {
  const known = Object.keys(PLACEHOLDERS).map((name) => `{${name}}`);
  return new RangeError(`${placeholder} is not a placeholder. There are ${known.join(", ")}.`);
}

/** A text as a header can have it: bytes in Latin-1, without control characters. */
function plain(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  const bytes = Buffer.from(text).toString("latin1");
  return Array.from(bytes, (byte) => (byte < " " || byte === "\x7f" ? "" : byte)).join("");
}
