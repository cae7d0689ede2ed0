import { TokenError } from "./token-error.js";

/** The payload of a JWT, or the response to an introspection. */
export type Claims = Readonly<Record<string, unknown>>;

/** The claims that a token must have. */
export interface ClaimRules {
  issuer: string | undefined;
  audience: string | undefined;
  /** The longest lifetime of a token, in milliseconds. */
  longest: number;
}

/**
 * The maximum difference between the clocks of issuer and server, in milliseconds. The expiry of a token has no leeway.
 */
const LEEWAY = 10_000;

/**
 * Checks issuer, audience and times of a verified token.
 * @param now Unix time in milliseconds.
 * @returns when it expires, in milliseconds of Unix time
 * @throws TokenError
 */
export function checkClaims(claims: Claims, rules: ClaimRules, now: number): number {
  const { iss, aud, exp, nbf, iat } = claims;
  if (rules.issuer !== undefined && iss !== rules.issuer) throw refusal("iss is not the configured issuer");
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (rules.audience !== undefined && !audiences.includes(rules.audience))
    throw refusal("aud does not contain the configured audience");
  for (const [name, time] of Object.entries({ exp, nbf, iat }))
    if (time !== undefined && !(Number.isFinite(time) && Math.abs(time as number) < 1e12))
      throw refusal(`${name} is not a time`);
  if (after(nbf, now)) throw refusal("nbf is in the future");
  if (after(iat, now)) throw refusal("iat is in the future");
  const expiresAt = exp === undefined ? Infinity : (exp as number) * 1_000;
  if (expiresAt <= now) throw new TokenError("expired", "it has expired");
  const since = iat === undefined ? now : (iat as number) * 1_000;
  if (expiresAt - since > rules.longest) throw refusal("its lifetime is longer than expiration_hours");
  return expiresAt;
}

function after(time: unknown, now: number): boolean {
  return time !== undefined && (time as number) * 1_000 > now + LEEWAY;
}

function refusal(detail: string): TokenError {
  return new TokenError("refused", detail);
}
