import { isIP } from "node:net";
import { isLoopbackHost, isPrivateAddress } from "@postern/net";
import { invalid } from "./policy-error.js";

/**
 * A URL of another machine that the server may contact: its host is a name, or a public address. A name is checked
 * again whenever it is resolved. @throws PolicyError.
 */
export function publicUrl(text: string, name: string, schemes: readonly string[]): string {
  const url = URL.parse(text);
  if (url === null || !schemes.includes(url.protocol) || url.username + url.password + url.hash !== "")
    invalid(`${name} must be a URL with ${schemes.map((each) => `${each}//`).join(" or ")}`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isLoopbackHost(url.hostname) || (isIP(host) > 0 && isPrivateAddress(host)))
    invalid(`${name} names a private address`);
  return url.href;
}
