import type { LoginCheck } from "@postern/client";
import { durationText } from "./duration-text.js";

/** What a server said to a credential, in words. */
export function loginText({ owner, publicUrl, expiresIn }: LoginCheck): string {
  const address = publicUrl ?? "a name that the server makes up";
  const end = expiresIn === undefined ? "" : `, and the credential ends in ${durationText(expiresIn)}`;
  return `logged in as ${owner}; the tunnel would be ${address}${end}`;
}
