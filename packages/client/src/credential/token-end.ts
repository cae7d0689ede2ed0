/**
 * When a JWT says that it ends, in milliseconds of the Unix time; undefined: it does not say. Nothing of it is checked: that is the server's
 * business, here it only decides when to ask for the next one.
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
