/**
 * All cookies of logins begin with this. `__Host-`: a browser keeps such a cookie only for the host that set it, so
 * that no other host can set it.
 */
const PREFIX = "__Host-postern_";

/** Cookies with the same name that are tried. */
const MOST_TRIED = 4;

/** The name of the cookie of a login for the policy with this id. */
export function sessionCookie(policy: string): string {
  return `${PREFIX}session_${policy.slice(0, 10)}`;
}

/** The name of the cookie of a login that the provider has not answered yet. */
export function pendingCookie(state: string): string {
  return `${PREFIX}pending_${state.slice(0, 10)}`;
}

/** The cookie that tells one browser from another while a login is in progress. */
export const BROWSER_COOKIE = `${PREFIX}browser`;

/** The values of the cookies with this name. Some programs send values in quotation marks. */
export function cookieValues(cookies: string, name: string): string[] {
  const values: string[] = [];
  // Nearly all requests without the cookie end here.
  if (!cookies.includes(name)) return values;
  for (const cookie of cookies.split(";")) {
    const equals = cookie.indexOf("=");
    if (equals < 0 || cookie.slice(0, equals).trim() !== name) continue;
    values.push(
      cookie
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1"),
    );
    if (values.length === MOST_TRIED) break;
  }
  return values;
}

/** The names of the cookies of a kind, in the order of the field. Browsers send older cookies first. */
export function cookieNames(cookies: string, kind: "session" | "pending"): string[] {
  const begin = `${PREFIX}${kind}_`;
  const names = cookies.split(";").map((cookie) => cookie.slice(0, cookie.indexOf("=")).trim());
  return [...new Set(names)].filter((name) => name.startsWith(begin) && /^[\w-]+$/.test(name));
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
