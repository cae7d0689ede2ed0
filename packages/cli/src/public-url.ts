import { CliError } from "./errors.js";

/** Checks the address by which visitors reach the base domain. Throws PN_PUBLIC_URL_INVALID. */
export function parsePublicUrl(text: string, domain: string): string {
  const url = URL.parse(text.trim());
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (isOrigin && url.hostname === domain) return url.origin;
  throw new CliError(
    "PN_PUBLIC_URL_INVALID",
    `"${text}" is not the public address of ${domain}.`,
    `Give scheme and domain, and a port if there is one: https://${domain}`,
  );
}
