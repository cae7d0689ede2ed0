import { createHash } from "node:crypto";
import { isLoopbackHost } from "@postern/net";
import { Field, type Reply } from "../../http/index.js";
import type { StepRequest } from "../step.js";

/** Longer addresses are not returned to after a login, because a cookie contains them as JSON. In bytes. */
export const RETURN_PATH = 2_000;

/** Whether a person opens this page in a browser, so that a redirect to a login is of use. */
export function isPageLoad(request: StepRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const mode = request.fieldValue("sec-fetch-mode");
  if (mode !== "" && mode !== "navigate") return false;
  return (
    request.upgrade === "" &&
    /\b(text\/html|application\/xhtml\+xml)\b/i.test(request.fieldValue("accept", Field.accept))
  );
}

/** Whether browsers keep cookies that are only for secure connections. */
export function keepsSecureCookies({ site, host }: StepRequest): boolean {
  return host !== "" && (site.startsWith("https://") || isLoopbackHost(host));
}

/**
 * The path and query to which a visitor returns after its login. It follows the scheme and the host of an absolute URL,
 * so that it cannot lead to another host.
 */
export function returnPath(path: string): string {
  return JSON.stringify(path).length <= RETURN_PATH + 2 && /^\/[!-~]*$/.test(path) ? path : "/";
}

export function redirect(location: string, cookies: readonly string[] = []): Reply {
  return {
    status: 303,
    text: "",
    fields: {
      Location: location,
      "Set-Cookie": [...cookies],
      "Cache-Control": "no-store",
      // The address of this page contains a code.
      "Referrer-Policy": "no-referrer",
    },
  };
}

/** What links and codes contain of a browser's cookie. */
export function browserHash(value: string): string {
  return createHash("sha256").update(value).digest("base64url").slice(0, 22);
}
