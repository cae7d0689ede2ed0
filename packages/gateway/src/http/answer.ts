import { STATUS_CODES } from "node:http";
import { preferredForm, type Page } from "./answer-form.js";
import type { Refusal } from "./refusal.js";

/** Whom an answer of the gateway's own is for. */
export interface AnswerContext {
  /** The request's Accept; decides between a page, JSON and plain text. Default: plain text. */
  accept?: string;
  /** Shown, and sent as X-Request-Id, so that people can name the request. */
  requestId?: string;
  /** Whether the connection ends after the answer. */
  close: boolean;
  /** The visitor's `versionMinor`; an HTTP/1.0 connection that stays open has to be told so. Default 1. */
  visitorMinor?: 0 | 1;
  /** The request was HEAD: the answer has no body. */
  headOnly?: boolean;
  /** Seconds after which trying again makes sense, instead of the refusal's own. */
  retryAfter?: number;
  /** Where the visitor should go instead. */
  location?: string;
  /** For the Date field. */
  now?: Date;
}

/** What is said where nothing is refused. */
export interface Notice {
  readonly title: string;
  /** Plain text; what stands in backticks is marked. */
  readonly message: string;
}

/** An answer of our own, in the parts that node:http wants. */
export interface OwnAnswer {
  readonly status: number;
  /** In the order in which they are written. */
  readonly fields: Readonly<Record<string, string>>;
  /** Also where the request was HEAD, and it is not sent. */
  readonly body: Buffer;
}

/** The answer that says why there is no other. */
export function refusalAnswer(refusal: Refusal, context: AnswerContext): OwnAnswer {
  const { status, code, message, retryable } = refusal;
  const { requestId = "", location } = context;
  const retryAfter = context.retryAfter ?? refusal.retryAfter;
  const page: Page = {
    status,
    title: STATUS_CODES[status] ?? "",
    message,
    reference: requestId === "" ? code : `${code} · request ${requestId}`,
    json: { error: { status, code, message, retryable, ...(requestId !== "" && { request_id: requestId }) } },
  };
  return ownAnswer(status, page, context, {
    "Postern-Error": code,
    ...(location !== undefined && { Location: location }),
    ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
    ...refusal.fields,
  });
}

/** A page of our own, with status 200. */
export function noticeAnswer({ title, message }: Notice, context: AnswerContext): OwnAnswer {
  const { requestId = "" } = context;
  const page: Page = {
    title,
    message,
    reference: requestId === "" ? "" : `request ${requestId}`,
    json: { title, message, ...(requestId !== "" && { request_id: requestId }) },
  };
  return ownAnswer(200, page, context, {});
}

function ownAnswer(status: number, page: Page, context: AnswerContext, more: Record<string, string>): OwnAnswer {
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

/** Upgrade counts for one connection only, and Connection has to say so (RFC 9110, section 7.8). */
function connectionOptions({ close, visitorMinor }: AnswerContext, fields: Record<string, string>): string {
  const options = "Upgrade" in fields ? ["Upgrade"] : [];
  if (close) options.push("close");
  else if (visitorMinor === 0) options.push("keep-alive");
  return options.join(", ");
}

/** The whole message with which the gateway itself answers: status, head and a short body. */
export function writeAnswer(refusal: Refusal, context: AnswerContext): Buffer {
  const { status, fields, body } = refusalAnswer(refusal, context);
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`, "latin1");
  return context.headOnly === true ? head : Buffer.concat([head, body]);
}
