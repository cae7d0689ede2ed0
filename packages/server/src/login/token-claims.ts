import { TunnelError } from "@postern/protocol";
import { NamePatterns } from "../names/name-patterns.js";

/** The payload of a JWT, or the response to an introspection. */
export type Claims = Readonly<Record<string, unknown>>;

/** The claims that a token must have, and those that are read. */
export interface ClaimRules {
  issuer: string | undefined;
  audience: string | undefined;
  /** The claim with the user. */
  userClaim: string;
  /** The claim with the names that the user may bind. */
  namesClaim: string;
  /** The longest lifetime of a token, in milliseconds. */
  longest: number;
}

/** The holder of a verified token. */
export interface TokenHolder {
  owner: string;
  names: NamePatterns;
  /** Milliseconds of Unix time. */
  expiresAt: number;
}

/**
 * The maximum difference between the clocks of issuer and server, in milliseconds. The expiry of a token has no leeway.
 */
const LEEWAY = 10_000;
const LONGEST_USER = 255;

/**
 * Reads the claims of a verified token.
 * @param now Unix time in milliseconds.
 * @throws TunnelError PN_AUTH_EXPIRED; PN_AUTH_REFUSED with a reason.
 */
export function tokenHolder(claims: Claims, rules: ClaimRules, now: number): TokenHolder {
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
  if (expiresAt <= now) throw new TunnelError("PN_AUTH_EXPIRED");
  const since = iat === undefined ? now : (iat as number) * 1_000;
  if (expiresAt - since > rules.longest) throw refusal("its lifetime is longer than expiration_hours");

  const owner = claim(claims, rules.userClaim);
  // eslint-disable-next-line no-control-regex
  if (typeof owner !== "string" || owner === "" || owner.length > LONGEST_USER || /[\0-\x1f\x7f]/.test(owner))
    throw refusal(`${rules.userClaim} does not name a user`);
  const wanted = claim(claims, rules.namesClaim);
  const names = wanted === undefined ? NamePatterns.any : NamePatterns.parse(wanted);
  if (names === undefined) throw refusal(`${rules.namesClaim} is not a list of names`);
  return { owner, names, expiresAt };
}

function claim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function after(time: unknown, now: number): boolean {
  return time !== undefined && (time as number) * 1_000 > now + LEEWAY;
}

function refusal(detail: string): TunnelError {
  return new TunnelError("PN_AUTH_REFUSED", detail);
}
