/** The userinfo of a URL: `user:password@`, or a token alone. */
const USERINFO = /(?:(?<=\/\/)[^\s"'/]*|[^\s"'/=]*:[^\s"'/]*)@/g;
/** The query and the fragment of a URL. */
const QUERY = /(?<=\/\/[^\s"']*)([?#])[^\s"']+/g;

/** Replaces user names, passwords, queries and fragments of all URLs in a text of valid values. */
export function redactUrls(text: string): string {
  return text.replace(USERINFO, "***@").replace(QUERY, "$1***");
}

/**
 * Replaces the same in a value that was refused. It may not be a URL, so any text before its last `@` counts as a
 * password, and any text after `?` or `#` as a secret, whatever characters they contain.
 */
export function redactRefused(value: string): string {
  return value.replace(/^(["'\s]*(?:[a-z][a-z0-9+.-]*:[\\/]{2})?).*@/is, "$1***@").replace(/([?#])[^"'].*$/s, "$1***");
}
