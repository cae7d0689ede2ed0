import { extensionOf } from "./file-path.js";

/** Types of which compressed twins exist: text, and formats that are not compressed themselves. */
const COMPRESSIBLE =
  /^text\/|[/+](?:json|xml|javascript)\b|^application\/(?:wasm|manifest|vnd\.ms-fontobject)|^image\/(?:bmp|x-icon|vnd\.microsoft\.icon)|^font\/(?:ttf|otf|collection)/;

let lookup: ((extension: string) => string | undefined) | undefined;

/** Loads the table of types, which a process without files does not need. Call it before `contentTypeOf`. */
export async function loadContentTypes(): Promise<void> {
  lookup ??= (await import("mrmime")).lookup;
}

/** Whether they are loaded. */
export function hasContentTypes(): boolean {
  return lookup !== undefined;
}

/** The type of a file without a known one: a browser saves it. */
const UNKNOWN = "application/octet-stream";

/** The Content-Type of a file by its name. Text is UTF-8. */
export function contentTypeOf(path: string): string {
  const type = lookup?.(extensionOf(path)) ?? UNKNOWN;
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/** Whether files of this type are often stored with a compressed twin. */
export function isCompressible(type: string): boolean {
  return COMPRESSIBLE.test(type);
}
