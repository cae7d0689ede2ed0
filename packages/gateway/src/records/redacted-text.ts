import { isSecretName } from "./secret-name.js";

/**
 * A name, a separator, and a value up to the next delimiter. The lookbehind keeps the time linear: without it, a long
 * name is matched again from each of its letters.
 */
const PAIR = /(?<![\w.[\]-])([\w.[\]-]+)(\s*[=:]\s*)("[^"]*"|[^\s;,()"]+)/g;
const SCHEME = /\b(bearer|basic)\s+[^\s;,()"]+/gi;

/** Free text without the values whose names suggest a secret, and without credentials after the name of a scheme. */
export function redactedText(text: string): string {
  return text
    .replace(PAIR, (pair, name: string, separator: string) => (isSecretName(name) ? `${name}${separator}***` : pair))
    .replace(SCHEME, "$1 ***");
}
