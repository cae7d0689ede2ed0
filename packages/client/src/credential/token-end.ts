/**
 * The expiry of a JWT as Unix time in milliseconds; undefined if the token is not a JWT or has no `exp`. The token is
 * not verified, because the time only determines when to fetch the next one.
 */
export function tokenEnd(token: string): number | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { exp?: unknown };
    return typeof exp === "number" && Number.isFinite(exp) ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
