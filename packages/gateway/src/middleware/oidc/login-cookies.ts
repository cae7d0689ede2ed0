import { cookieNames } from "../own-cookies/own-cookies.js";

/**
 * All cookies of logins begin with this. `__Host-`: a browser keeps such a cookie only for the host that set it, so
 * that no other host can set it.
 */
const PREFIX = "__Host-postern_";

/** The name of the cookie of a login for the policy with this id. @param mark as of `cookieMark` */
export function sessionCookie(mark: string, policy: string): string {
  return `${PREFIX}session_${mark}_${policy.slice(0, 10)}`;
}

/** The name of the cookie of a login that the provider has not answered yet. */
export function pendingCookie(mark: string, state: string): string {
  return `${PREFIX}pending_${mark}_${state.slice(0, 10)}`;
}

/** The name of the cookie that tells one browser from another while a login is in progress. */
export function browserCookie(mark: string): string {
  return `${PREFIX}browser_${mark}`;
}

/** The names of the cookies of a kind, in the order of the field. Browsers send older cookies first. */
export function loginNames(cookies: string, kind: "session" | "pending"): string[] {
  const begin = `${PREFIX}${kind}_`;
  return cookieNames(cookies, (name) => name.startsWith(begin));
}

/** A Set-Cookie field. @param seconds undefined: until the browser closes */
export function cookieField(name: string, value: string, seconds?: number): string {
  const age = seconds === undefined ? "" : `; Max-Age=${Math.ceil(seconds)}`;
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${age}`;
}

/** A Set-Cookie field that removes a cookie. */
export function removedCookie(name: string): string {
  return cookieField(name, "", 0);
}
