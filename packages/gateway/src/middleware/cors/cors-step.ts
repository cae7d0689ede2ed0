import type { Reply } from "../../http/index.js";
import type { FieldEdits, Step, StepRequest, Verdict } from "../step.js";

/** Which pages of other origins may use a route (Fetch Standard, "CORS protocol"). */
export interface CorsOptions {
  /** Origins such as `https://app.example.com`, or `*` for any. At least one. */
  readonly origins: readonly string[];
  /** Default: GET, HEAD, POST, PUT, PATCH, DELETE. */
  readonly methods?: readonly string[] | undefined;
  /** Headers that requests may have. Default: those that the page asks for. */
  readonly headers?: readonly string[] | undefined;
  /** Headers of responses that pages may read. Default: those that every page may read. */
  readonly exposed?: readonly string[] | undefined;
  /** Whether requests may have cookies and credentials. Default false. Excludes `*`. */
  readonly credentials?: boolean | undefined;
  /** Seconds for which a browser may keep the answer to a preflight request. Default 600. */
  readonly maxAge?: number | undefined;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const MAX_AGE = 600;
/** Fields of the target, in whose place the step answers. */
const OURS = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "access-control-max-age",
];
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Tells browsers which pages of other origins may use a route. It answers preflight requests itself, before any login:
 * browsers send them without credentials.
 */
export class CorsStep implements Step {
  readonly name = "cors";
  readonly #origins: ReadonlySet<string>;
  readonly #isOpen: boolean;
  readonly #options: CorsOptions;
  readonly #exposed: string;
  readonly #foreign: FieldEdits;

  /** @throws RangeError for an origin, a method or a header that is not valid, and for credentials with `*`. */
  constructor(options: CorsOptions) {
    const { origins, methods = [], headers = [], exposed = [], credentials = false } = options;
    for (const each of origins) if (each !== "*" && !isOrigin(each)) throw notOrigin(each);
    for (const each of [...methods, ...headers, ...exposed])
      if (!TOKEN.test(each)) throw new RangeError(`${JSON.stringify(each)} is not a method or a header name.`);
    this.#isOpen = origins.includes("*");
    if (this.#isOpen && credentials)
      throw new RangeError(
        'allow_credentials excludes allow_origins = ["*"]: any page could use the login of a visitor.',
      );
    this.#origins = new Set(origins);
    this.#options = options;
    this.#exposed = exposed.length === 0 ? "" : `Access-Control-Expose-Headers: ${exposed.join(", ")}\r\n`;
    this.#foreign = {
      names: [],
      lines: "",
      responseNames: OURS,
      responseLines: this.#isOpen ? "" : "Vary: Origin\r\n",
    };
  }

  check(request: StepRequest): Verdict {
    const origin = request.fieldValue("origin");
    const allowed = this.#isOpen ? "*" : this.#origins.has(origin) ? origin : undefined;
    const isPreflight =
      request.method === "OPTIONS" && origin !== "" && request.fieldValue("access-control-request-method") !== "";
    if (isPreflight) return this.#preflight(request, allowed);
    request.edit(allowed === undefined ? this.#foreign : this.#edits(allowed));
    return undefined;
  }

  #edits(allowed: string): FieldEdits {
    const credentials = this.#options.credentials === true ? "Access-Control-Allow-Credentials: true\r\n" : "";
    const origin = `Access-Control-Allow-Origin: ${allowed}\r\n`;
    return {
      ...this.#foreign,
      responseLines: this.#foreign.responseLines + origin + credentials + this.#exposed,
      // Otherwise a page could not tell that its user has to log in.
      refusalFields: {
        Vary: "Origin",
        "Access-Control-Allow-Origin": allowed,
        ...(this.#options.credentials === true && { "Access-Control-Allow-Credentials": "true" }),
      },
    };
  }

  /** An origin that is not allowed gets an answer without permissions, as from a server that knows nothing of CORS. */
  #preflight(request: StepRequest, allowed: string | undefined): Reply {
    const vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    if (allowed === undefined) return { status: 204, text: "", fields: { Vary: vary } };
    const { methods = METHODS, headers, credentials, maxAge = MAX_AGE } = this.#options;
    const asked = request.fieldValue("access-control-request-headers");
    const names =
      headers?.join(", ") ??
      asked
        .split(",")
        .map((name) => name.trim())
        .filter((name) => TOKEN.test(name))
        .join(", ");
    return {
      status: 204,
      text: "",
      fields: {
        Vary: vary,
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Allow-Methods": methods.join(", "),
        ...(names !== "" && { "Access-Control-Allow-Headers": names }),
        ...(credentials === true && { "Access-Control-Allow-Credentials": "true" }),
        "Access-Control-Max-Age": String(maxAge),
      },
    };
  }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function notOrigin(given: string): RangeError {
  const url = URL.canParse(given) ? new URL(given).origin : "null";
  const advice = url === "null" ? "Write it as https://app.example.com." : `Write ${url}.`;
  return new RangeError(`${JSON.stringify(given)} is not an origin. ${advice}`);
}
