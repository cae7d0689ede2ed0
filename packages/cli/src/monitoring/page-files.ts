import { readAsset } from "../asset.js";

/** A file of the local API's page. It contains no data of the client. */
export interface PageFile {
  type: string;
  content: () => Buffer;
}

function file(path: string, type: string): PageFile {
  return { type, content: () => readAsset(path) };
}

export const PAGE = file("local-api/index.html", "text/html; charset=utf-8");

/** The files that the page loads, by path. */
export const PAGE_FILES: ReadonlyMap<string, PageFile> = new Map([
  ["/palette.css", file("brand/palette.css", "text/css; charset=utf-8")],
  ["/page.css", file("local-api/page.css", "text/css; charset=utf-8")],
  ["/page.js", file("local-api/page.js", "text/javascript; charset=utf-8")],
  ["/icon.svg", file("brand/icon.svg", "image/svg+xml")],
]);

/** The page may load its own files and the API, and run nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");
