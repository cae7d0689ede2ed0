import { createHmac } from "node:crypto";

/** The names of all cookies by which Postern itself knows visitors begin with this. */
const PREFIX = "postern_";
/**
 * A browser keeps a cookie whose name begins with this only if it came over HTTPS, for exactly one host, so that no
 * other host can set it.
 */
const HOST_PREFIX = "__Host-";

const PASSWORD = /^(?:__Host-)?postern_password_/i;
/** Those of passwords, and those of logins at a provider. */
const OWN = /^(?:__Host-)?postern_(?:password|session|pending|browser)/i;

/** The values of the cookies of one name that are looked at: others can add cookies with the same name. */
const MOST_VALUES = 4;

/**
 * Tells the cookies of one gateway from those of others, which it may forward: a part of their names.
 * @param key the secret that signs the cookies
 */
export function cookieMark(key: string): string {
  return createHmac("sha256", key).update("names of cookies").digest("hex").slice(0, 8);
}

/** The name of the cookie for a purpose. */
export function ownCookie(purpose: string, isSecure: boolean): string {
  return `${isSecure ? HOST_PREFIX : ""}${PREFIX}${purpose}`;
}

/** The values of the cookies with this name. Some programs send them in quotation marks. */
export function cookieValues(cookies: string, name: string): string[] {
  const values: string[] = [];
  // Nearly all requests without the cookie end here.
  if (!cookies.includes(name)) return values;
  for (const cookie of cookies.split(";")) {
    const equals = cookie.indexOf("=");
    if (equals < 0 || cookie.slice(0, equals).trim() !== name) continue;
    const value = cookie.slice(equals + 1).trim();
    values.push(/^"(.*)"$/.exec(value)?.[1] ?? value);
    if (values.length === MOST_VALUES) break;
  }
  return values;
}

/** The names of the cookies of passwords. */
export function ownNames(cookies: string): string[] {
  return cookieNames(cookies, (name) => PASSWORD.test(name));
}

/** The names of cookies that can be removed, in the order of the field, each once. Browsers send older ones first. */
export function cookieNames(cookies: string, isWanted: (name: string) => boolean): string[] {
  const names = cookies.split(";").map((cookie) => cookie.split("=", 1)[0]!.trim());
  return [...new Set(names)].filter((name) => isWanted(name) && /^[\w-]+$/.test(name));
}

/**
 * The cookies without those of Postern; undefined if there are none of them.
 * @param markOf returns a mark: only cookies with this one are removed. Default: all
 */
export function withoutOwn(cookies: string, markOf?: () => string): string | undefined {
  if (!/postern_(?:password|session|pending|browser)/i.test(cookies)) return undefined;
  const mark = markOf?.() ?? "";
  const all = cookies.split(";");
  const kept = all.filter((cookie) => !OWN.test(cookie.trim()) || !cookie.split("=", 1)[0]!.includes(mark));
  return kept.length === all.length ? undefined : kept.join(";").trim();
}

/** A Set-Cookie field. @param seconds 0 removes the cookie */
export function setCookie(name: string, value: string, seconds: number): string {
  const secure = name.startsWith(HOST_PREFIX) ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
