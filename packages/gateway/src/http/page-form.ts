import { createHash } from "node:crypto";

/** Where a visitor can go from a page. */
export interface PageLink {
  readonly text: string;
  readonly href: string;
}

/** Asks for a password on a page, in place of its title and its message. */
export interface PasswordPrompt {
  readonly title: string;
  readonly message: string;
  /** The path to which the page sends the password, as the field `password`. */
  readonly action: string;
  /** Where the visitor wants to go; sent as the field `to`. */
  readonly to: string;
}

/** The content of a response that the gateway generates, in any form. */
export interface Page {
  /** Shown before the title; undefined on a page that is not a refusal. */
  readonly status?: number;
  readonly title: string;
  /** Plain text; text in backticks is marked as code. */
  readonly message: string;
  readonly link?: PageLink | undefined;
  /** Pages in HTML only. */
  readonly prompt?: PasswordPrompt | undefined;
  /** Identifies the response when people ask about it. May be empty. */
  readonly reference: string;
  /** The content for programs. */
  readonly json: object;
}

/** Renders pages for visitors that accept `type`. */
export interface PageForm {
  readonly type: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
  render(page: Page): string;
}

const STYLE = `:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.6 system-ui,sans-serif;background:light-dark(#f6f7f9,#14171c);color:light-dark(#1d2530,#e3e8ef)}
main{max-width:34rem;margin:1rem;padding:2rem 2.5rem;border-radius:.75rem;background:light-dark(#fff,#1d2229);box-shadow:0 1px 3px #0002,0 8px 30px #0001;border-top:4px solid #d2663f}
h1{margin:0;font-size:1.35rem;line-height:1.3}
h1 b{color:#d2663f;margin-right:.5rem}
a{color:inherit}
p,form{margin:.75rem 0 0}
label{display:block;margin-bottom:.25rem;font-size:.9rem}
input,button{box-sizing:border-box;width:100%;padding:.6rem .75rem;border:1px solid light-dark(#767d86,#8a93a0);border-radius:.4rem;font:inherit;background:light-dark(#fff,#14171c);color:inherit}
button{margin-top:1rem;border-color:transparent;background:#ad4a26;color:#fff;font-weight:600;cursor:pointer}
:is(input,button):focus-visible{outline:3px solid #d2663f;outline-offset:2px}
code{padding:.1em .35em;border-radius:.3em;background:light-dark(#eef0f3,#2a313a);font-size:.9em}
small{display:block;margin-top:1.5rem;opacity:.65;overflow-wrap:anywhere;font-family:ui-monospace,monospace}`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const TEXT: PageForm = {
  type: "text/plain",
  policy: "default-src 'none'",
  render: ({ status, title, message, link, reference }) =>
    `${status === undefined ? "" : `${status} `}${title}\n${message}\n${link === undefined ? "" : `${link.text}: ${link.href}\n`}${reference === "" ? "" : `\n${reference}\n`}`,
};

const JSON_FORM: PageForm = {
  type: "application/json",
  policy: "default-src 'none'",
  render: ({ json }) => `${JSON.stringify(json)}\n`,
};

const HTML: PageForm = {
  type: "text/html",
  policy: `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  render: ({ status, title, message, link, prompt, reference }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${prompt === undefined ? `${status === undefined ? "" : `${status} `}${escapeHtml(title)}` : escapeHtml(prompt.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${prompt === undefined ? `<h1>${status === undefined ? "" : `<b>${status}</b>`}${escapeHtml(title)}</h1>\n<p>${withCode(escapeHtml(message))}</p>${linkHtml(link)}` : promptHtml(prompt)}
<small>${escapeHtml(reference)}</small>
</main>
</body>
</html>
`,
};

function promptHtml({ title, message, action, to }: PasswordPrompt): string {
  return `<h1>${escapeHtml(title)}</h1>
<p role="status">${escapeHtml(message)}</p>
<form method="post" action="${escapeHtml(action)}">
<input type="hidden" name="to" value="${escapeHtml(to)}">
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" autofocus required>
<button>Continue</button>
</form>`;
}

const FORMS: ReadonlyMap<string, PageForm> = new Map([
  ["text/html", HTML],
  ["application/xhtml+xml", HTML],
  ["application/json", JSON_FORM],
  ["application/problem+json", JSON_FORM],
  ["text/plain", TEXT],
]);

/** Whether a page for people is the best response to a request with this Accept. */
export function prefersHtml(accept: string): boolean {
  return preferredForm(accept) === HTML;
}

/** The form with the highest quality, the first among equals. Wildcards are ignored: they express no preference. */
export function preferredForm(accept: string): PageForm {
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

/** Text as it is written in HTML, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** Marks text in backticks as code. */
function withCode(html: string): string {
  return html.replace(/`([^`]*)`/g, "<code>$1</code>");
}

function linkHtml(link: PageLink | undefined): string {
  return link === undefined ? "" : `\n<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>`;
}
