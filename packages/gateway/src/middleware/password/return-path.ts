/** Longer ones are not returned to, because the page sends them with the password. In characters of a form. */
const LONGEST = 2_048;

/**
 * The path and query to which a visitor returns: `wanted`, or `/` if a browser could read it as the address of another
 * host.
 */
export function returnPath(wanted: string): string {
  // Browsers read `\` as `/`, and leave out tabs and line breaks.
  if (!/^\/(?![/\\])[!-[\]-~]*$/.test(wanted)) return "/";
  // Not to a page that ends the login.
  if (wanted.startsWith("/.postern/")) return "/";
  return encodeURIComponent(wanted).length <= LONGEST ? wanted : "/";
}
