import { createHash } from "node:crypto";
import { escapeHtml } from "../../http/index.js";
import { queryText, type ListingQuery, type SortKey } from "./listing-query.js";

/** A row of a listing. */
export interface ListedEntry {
  /** Its bytes in Latin-1, without a slash. */
  readonly name: string;
  readonly isFolder: boolean;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export interface ListingPageOptions {
  /** Whether there is a link to the folder above. */
  readonly hasParent: boolean;
  /** Whether the folder has entries that are not listed. */
  readonly isCut: boolean;
  readonly entries: readonly ListedEntry[];
  readonly query: ListingQuery;
  /** Pages of the listing. */
  readonly pages: number;
  /** Whether it can be sorted by size and time. */
  readonly isSortable: boolean;
}

const STYLE = `:root{color-scheme:light dark}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;background:light-dark(#f6f7f9,#14171c);color:light-dark(#1d2530,#e3e8ef)}
main{max-width:60rem;margin:1rem auto;padding:1rem}
h1{font-size:1.25rem;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;background:light-dark(#fff,#1d2229)}
th,td{padding:.4rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid light-dark(#e4e7eb,#2a313a)}
td:first-child{overflow-wrap:anywhere}
td+td,th+th{white-space:nowrap;text-align:right;font-variant-numeric:tabular-nums}
a{color:light-dark(#a4431f,#f0936d)}
nav{margin-top:1rem}
@media(max-width:36rem){main{margin:0;padding:.5rem}td:nth-child(3),th:nth-child(3){display:none}}`;

/** The Content-Security-Policy of a listing. */
export const LISTING_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

const HEADINGS: Readonly<Record<SortKey, string>> = { name: "Name", size: "Size", modified: "Modified" };
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** The beginning of a listing, which needs no script. @param path that of the folder, as the visitor requested it */
export function listingTitle(path: string): string {
  const title = `Index of ${escapeHtml(shown(path))}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
`;
}

/** A page of a listing after its title. */
export function listingTable({ hasParent, isCut, entries, query, pages, isSortable }: ListingPageOptions): string {
  const parent = hasParent ? `<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n` : "";
  return `<table>
<thead><tr>${headings(query, isSortable)}</tr></thead>
<tbody>
${parent}${entries.map(row).join("")}</tbody>
</table>
${navigation(query, pages)}${isCut ? "<p>The folder has more entries than are listed.</p>\n" : ""}</main>
</body>
</html>
`;
}

function headings(query: ListingQuery, isSortable: boolean): string {
  return Object.entries(HEADINGS)
    .map(([key, text]) => {
      const sort = key as SortKey;
      if (!isSortable && sort !== "name") return `<th>${text}</th>`;
      const isCurrent = query.sort === sort;
      const next = { sort, isDescending: isCurrent && !query.isDescending, page: 1 };
      const order = isCurrent ? ` aria-sort="${query.isDescending ? "descending" : "ascending"}"` : "";
      const arrow = isCurrent ? (query.isDescending ? " ↓" : " ↑") : "";
      return `<th${order}><a href="${escapeHtml(queryText(next))}">${text}</a>${arrow}</th>`;
    })
    .join("");
}

function row({ name, isFolder, size, modified }: ListedEntry): string {
  const slash = isFolder ? "/" : "";
  const link = `<a href="${reference(name)}${slash}">${escapeHtml(shown(name))}${slash}</a>`;
  const time = new Date(modified).toISOString();
  return `<tr><td>${link}</td><td>${isFolder ? "" : sizeText(size)}</td><td><time datetime="${time}">${time.slice(0, 10)} ${time.slice(11, 16)}</time></td></tr>\n`;
}

function navigation(query: ListingQuery, pages: number): string {
  if (pages < 2) return "";
  const link = (page: number, text: string): string =>
    page < 1 || page > pages ? "" : `<a href="${escapeHtml(queryText({ ...query, page }))}">${text}</a>`;
  return `<nav>${link(query.page - 1, "Previous")} Page ${query.page} of ${pages} ${link(query.page + 1, "Next")}</nav>\n`;
}

/** A name as a relative reference: every byte that has a meaning in URLs or in HTML is encoded. */
function reference(name: string): string {
  return name.replace(
    /[^\w.~!$*+,@-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** Bytes as text. What is not visible, or changes the direction of the text, is shown as a replacement character. */
function shown(name: string): string {
  return Buffer.from(name, "latin1")
    .toString()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

function sizeText(size: number): string {
  let unit = 0;
  let value = size;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
