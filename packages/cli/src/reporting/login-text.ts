import type { LoginCheck } from "@postern/client";
import { durationText } from "./duration-text.js";

/** Describes a successful login. */
export function loginText({ owner, publicUrl, expiresIn }: LoginCheck): string {
  const address =
    publicUrl === undefined ? "the server would choose the subdomain" : `the public URL would be ${publicUrl}`;
  const expiry = expiresIn === undefined ? "" : `; the credential expires in ${durationText(expiresIn)}`;
  return `logged in as ${owner}; ${address}${expiry}`;
}
