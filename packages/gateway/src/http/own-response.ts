import { builtins } from "@postern/net";
import { preferredForm, type Page, type PageLink } from "./page-form.js";
import type { Refusal } from "./refusal.js";

const { STATUS_CODES } = builtins.http;
const NO_BODY = Buffer.alloc(0);

/** The request to which the gateway itself responds. */
export interface ResponseContext {
  /** The request's Accept, which selects a page, JSON or plain text. Default: plain text. */
  accept?: string;
  /** Shown, and sent as X-Request-Id, so that people can refer to the request. */
  requestId?: string;
  /** Whether the connection closes after the response. */
  close: boolean;
  /** The visitor's `versionMinor`; HTTP/1.0 needs a field to keep a connection open. Default 1. */
  visitorMinor?: 0 | 1;
  /** Whether the request was HEAD, so that the response has no body. */
  headOnly?: boolean;
  /** Seconds for Retry-After, instead of the refusal's own. */
  retryAfter?: number;
  /** The Location field. */
  location?: string;
  /** Lines to add, each ended by CRLF. */
  lines?: string;
  /** Names, in lower case, of fields to leave out: `lines` has others in their place, or none. */
  without?: readonly string[];
  /** For the Date field. */
  now?: Date;
}

/** A page that is not a refusal. */
export interface Notice {
  readonly title: string;
  /** Plain text; text in backticks is marked as code. */
  readonly message: string;
  readonly link?: PageLink;
  /** More fields. A list is written as a line for each value. */
  readonly fields?: Readonly<Record<string, string | string[]>>;
}

/** A response that an operator configured. */
export interface Reply {
  readonly status: number;
  /** The body. A status without a body (204, 304) drops it. */
  readonly text: string;
  /** Content-Type. Default `text/plain; charset=utf-8`. */
  readonly type?: string;
  /** More fields. A list is written as a line for each value. */
  readonly fields?: Readonly<Record<string, string | string[]>>;
}

/** A response that the gateway generates, in the parts that node:http takes. */
export interface OwnResponse {
  readonly status: number;
  /** In the order of the head. */
  readonly fields: Readonly<Record<string, string | string[]>>;
  /** Also set for HEAD, although it is not sent then. */
  readonly body: Buffer;
}

/** The response that reports `refusal`. */
export function refusalResponse(refusal: Refusal, context: ResponseContext): OwnResponse {
  const { status, code, message, retryable } = refusal;
  const { requestId = "", location } = context;
  const retryAfter = context.retryAfter ?? refusal.retryAfter;
  const page: Page = {
    status,
    title: STATUS_CODES[status] ?? "",
    message,
    link: refusal.link,
    prompt: refusal.prompt,
    reference: requestId === "" ? code : `${code} · request ${requestId}`,
    json: { error: { status, code, message, retryable, ...(requestId !== "" && { request_id: requestId }) } },
  };
  return ownResponse(status, page, context, {
    "Postern-Error": code,
    ...(location !== undefined && { Location: location }),
    ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
    ...refusal.fields,
  });
}

/** A page of the gateway with status 200. */
export function noticeResponse({ title, message, link, fields }: Notice, context: ResponseContext): OwnResponse {
  const { requestId = "" } = context;
  const page: Page = {
    title,
    message,
    link,
    reference: requestId === "" ? "" : `request ${requestId}`,
    json: { title, message, ...(requestId !== "" && { request_id: requestId }) },
  };
  return ownResponse(200, page, context, fields ?? {});
}

/** The response that an operator configured, without anything of the gateway's own that visitors would see. */
export function replyResponse(reply: Reply, context: ResponseContext): OwnResponse {
  const { status, text, type = "text/plain; charset=utf-8", fields: more } = reply;
  const { requestId = "", now, location } = context;
  const hasBody = status !== 204 && status !== 304;
  const body = Buffer.from(hasBody ? text : "");
  const connection = connectionOptions(context, {});
  const fields = {
    ...(now !== undefined && { Date: now.toUTCString() }),
    ...(body.length > 0 && { "Content-Type": type }),
    ...(hasBody && { "Content-Length": String(body.length) }),
    ...(location !== undefined && { Location: location }),
    ...more,
    ...(requestId !== "" && { "X-Request-Id": requestId }),
    ...(connection !== "" && { Connection: connection }),
  };
  return { status, fields, body };
}

function ownResponse(status: number, page: Page, context: ResponseContext, more: OwnResponse["fields"]): OwnResponse {
  const { accept = "", requestId = "", now } = context;
  const form = preferredForm(accept);
  const body = Buffer.from(form.render(page));
  const connection = connectionOptions(context, more);
  const fields = {
    ...(now !== undefined && { Date: now.toUTCString() }),
    "Content-Type": `${form.type}; charset=utf-8`,
    "Content-Length": String(body.length),
    "Cache-Control": "no-store",
    "Content-Security-Policy": form.policy,
    "X-Content-Type-Options": "nosniff",
    ...more,
    ...(requestId !== "" && { "X-Request-Id": requestId }),
    ...(connection !== "" && { Connection: connection }),
  };
  return { status, fields, body };
}

/** Upgrade is a hop-by-hop field, so Connection has to name it (RFC 9110, section 7.8). */
function connectionOptions({ close, visitorMinor }: ResponseContext, fields: OwnResponse["fields"]): string {
  const options = "Upgrade" in fields ? ["Upgrade"] : [];
  if (close) options.push("close");
  else if (visitorMinor === 0) options.push("keep-alive");
  return options.join(", ");
}

/** The whole response with a page of the gateway: head, and body unless the request was HEAD. */
export function writeOwnResponse(page: Refusal | Notice | Reply, context: ResponseContext): Buffer {
  const { head, body } = ownResponseParts(page, context);
  return Buffer.concat([head, body]);
}

/** The same in its two parts. */
export function ownResponseParts(
  page: Refusal | Notice | Reply,
  context: ResponseContext,
): { readonly head: Buffer; readonly body: Buffer } {
  const { status, fields, body } = responseOf(page, context);
  const { without = [] } = context;
  const kept = Object.entries(fields).filter(([name]) => without.length === 0 || !without.includes(name.toLowerCase()));
  const lines = kept.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${name}: ${each}\r\n`),
  );
  const head = Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}${context.lines ?? ""}\r\n`,
    "latin1",
  );
  return { head, body: context.headOnly === true ? NO_BODY : body };
}

function responseOf(page: Refusal | Notice | Reply, context: ResponseContext): OwnResponse {
  if ("code" in page) return refusalResponse(page, context);
  return "title" in page ? noticeResponse(page, context) : replyResponse(page, context);
}
