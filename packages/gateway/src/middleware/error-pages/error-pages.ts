import { escapeHtml, type Notice, type Refusal, type Reply } from "../../http/index.js";

/** The most bytes of one page. */
export const ERROR_PAGE_LIMITS = { page: 262_144 } as const;

/** `404`, or a class such as `5xx`. */
const STATUS = /^(?:[45]\d\d|[45]xx)$/;
const TYPE = "text/html; charset=utf-8";

/** Pages of the operator for errors, by status. */
export class ErrorPages {
  readonly #pages: ReadonlyMap<string, string>;

  /**
   * @param pages HTML by status, such as `404` or `5xx`. `{status}`, `{code}` and `{request_id}` in it are replaced
   * @throws RangeError for another status, and for a page that is too large
   */
  constructor(pages: Readonly<Record<string, string>>) {
    for (const [status, page] of Object.entries(pages)) {
      if (!STATUS.test(status))
        throw new RangeError(`${status} is not the status of an error. Write 404, or 5xx for a class.`);
      if (Buffer.byteLength(page) > ERROR_PAGE_LIMITS.page)
        throw new RangeError(`The page for ${status} has more than ${ERROR_PAGE_LIMITS.page / 1_024} KiB.`);
    }
    this.#pages = new Map(Object.entries(pages));
  }

  /** The page for a status; undefined: there is none. */
  page(status: number, code: string, requestId: string): string | undefined {
    const text = this.#pages.get(String(status)) ?? this.#pages.get(`${Math.floor(status / 100)}xx`);
    const values: Readonly<Record<string, string>> = { status: String(status), code, request_id: requestId };
    return text?.replace(/\{(status|code|request_id)\}/g, (_, name: string) => escapeHtml(values[name]!));
  }

  /** The page of the operator in place of one of the gateway. Pages with a form or a link remain: they are needed. */
  inPlaceOf(page: Refusal | Notice | Reply, requestId: string): Refusal | Notice | Reply {
    if (!("code" in page) || page.prompt !== undefined || page.link !== undefined) return page;
    const { status, code, retryAfter } = page;
    const text = this.page(status, code, requestId);
    if (text === undefined) return page;
    const fields = {
      "Postern-Error": code,
      "Cache-Control": "no-store",
      ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
      ...page.fields,
    };
    return { status, text, type: TYPE, fields };
  }
}
