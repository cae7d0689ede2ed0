import { createHash } from "node:crypto";
import { STATUS_CODES } from "node:http";
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

/** The whole message with which the gateway itself answers: status, head and a short body. */
export function writeAnswer(refusal: Refusal, context: AnswerContext): Buffer {
  const form = preferredForm(context.accept ?? "");
  const requestId = context.requestId ?? "";
  const title = STATUS_CODES[refusal.status] ?? "";
  const body = Buffer.from(form.render(refusal, title, requestId));
  const retryAfter = context.retryAfter ?? refusal.retryAfter;
  const lines = [
    `HTTP/1.1 ${refusal.status} ${title}`,
    ...(context.now === undefined ? [] : [`Date: ${context.now.toUTCString()}`]),
    `Content-Type: ${form.type}; charset=utf-8`,
    `Content-Length: ${body.length}`,
    "Cache-Control: no-store",
    `Content-Security-Policy: ${form.policy}`,
    "X-Content-Type-Options: nosniff",
    `Postern-Error: ${refusal.code}`,
    ...(context.location === undefined ? [] : [`Location: ${context.location}`]),
    ...(requestId === "" ? [] : [`X-Request-Id: ${requestId}`]),
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ...connectionLine(context),
    "",
    "",
  ];
  const head = Buffer.from(lines.join("\r\n"), "latin1");
  return context.headOnly === true ? head : Buffer.concat([head, body]);
}

function connectionLine({ close, visitorMinor }: AnswerContext): string[] {
  if (close) return ["Connection: close"];
  return visitorMinor === 0 ? ["Connection: keep-alive"] : [];
}

interface Form {
  readonly type: string;
  readonly policy: string;
  render(refusal: Refusal, title: string, requestId: string): string;
}

const STYLE = `:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.6 system-ui,sans-serif;background:light-dark(#f6f7f9,#14171c);color:light-dark(#1d2530,#e3e8ef)}
main{max-width:34rem;margin:1rem;padding:2rem 2.5rem;border-radius:.75rem;background:light-dark(#fff,#1d2229);box-shadow:0 1px 3px #0002,0 8px 30px #0001;border-top:4px solid #d2663f}
h1{margin:0;font-size:1.35rem;line-height:1.3}
h1 b{color:#d2663f;margin-right:.5rem}
p{margin:.75rem 0 0}
code{padding:.1em .35em;border-radius:.3em;background:light-dark(#eef0f3,#2a313a);font-size:.9em}
small{display:block;margin-top:1.5rem;opacity:.65;overflow-wrap:anywhere;font-family:ui-monospace,monospace}`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const TEXT: Form = {
  type: "text/plain",
  policy: "default-src 'none'",
  render: ({ status, code, message }, title, requestId) =>
    `${status} ${title}\n${message}\n\n${reference(code, requestId)}\n`,
};

const JSON_FORM: Form = {
  type: "application/json",
  policy: "default-src 'none'",
  render: ({ status, code, message, retryable }, _title, requestId) =>
    `${JSON.stringify({ error: { status, code, message, retryable, ...(requestId === "" ? {} : { request_id: requestId }) } })}\n`,
};

const HTML: Form = {
  type: "text/html",
  policy: `default-src 'none'; style-src 'sha256-${STYLE_HASH}'`,
  render: ({ status, code, message }, title, requestId) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${status} ${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1><b>${status}</b>${escape(title)}</h1>
<p>${withCode(escape(message))}</p>
<small>${escape(reference(code, requestId))}</small>
</main>
</body>
</html>
`,
};

function reference(code: string, requestId: string): string {
  return requestId === "" ? code : `${code} · request ${requestId}`;
}

const FORMS: ReadonlyMap<string, Form> = new Map([
  ["text/html", HTML],
  ["application/xhtml+xml", HTML],
  ["application/json", JSON_FORM],
  ["application/problem+json", JSON_FORM],
  ["text/plain", TEXT],
]);

/** The form with the highest quality, the first named among equals; wildcards say nothing about what reads well. */
function preferredForm(accept: string): Form {
  let best = TEXT;
  let bestQuality = 0;
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const form = FORMS.get(type);
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    if (form === undefined || !(quality > bestQuality)) continue;
    best = form;
    bestQuality = quality;
  }
  return best;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** Marks what stands in backticks. */
function withCode(html: string): string {
  return html.replace(/`([^`]*)`/g, "<code>$1</code>");
}
