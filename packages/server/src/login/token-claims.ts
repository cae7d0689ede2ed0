import { TunnelError } from "@postern/protocol";
import { NamePatterns } from "../names/name-patterns.js";

/** A JWT's payload, or the answer to an introspection. */
export type Claims = Readonly<Record<string, unknown>>;

/** What the claims of a token have to be, and what they mean here. */
export interface ClaimRules {
  issuer: string | undefined;
  audience: string | undefined;
  /** The claim with the user. */
  userClaim: string;
  /** The claim with the names that the user may take. */
  namesClaim: string;
  /** The longest that a token may be valid, in milliseconds. */
  longest: number;
}

/** What a token says once it is known to be genuine. */
export interface TokenHolder {
  owner: string;
  names: NamePatterns;
  /** Milliseconds of the Unix time. */
  expiresAt: number;
}

/** How far the clocks of issuer and server may differ, in milliseconds. The end of a token is its end. */
const LEEWAY = 10_000;
const LONGEST_USER = 255;

/** Reads a genuine token's claims. `now` is the Unix time in milliseconds. @throws TunnelError PN_AUTH_EXPIRED, or PN_AUTH_REFUSED with what is wrong. */
export function tokenHolder(claims: Claims, rules: ClaimRules, now: number): TokenHolder {
  const { iss, aud, exp, nbf, iat } = claims;
  if (rules.issuer !== undefined && iss !== rules.issuer) throw refusal("iss is not the issuer");
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (rules.audience !== undefined && !audiences.includes(rules.audience))
    throw refusal("aud does not name this server");
  for (const [name, time] of Object.entries({ exp, nbf, iat }))
    if (time !== undefined && !(Number.isFinite(time) && Math.abs(time as number) < 1e12))
      throw refusal(`${name} is no time`);
  if (after(nbf, now)) throw refusal("nbf has not come yet");
  if (after(iat, now)) throw refusal("iat has not come yet");
  const expiresAt = exp === undefined ? Infinity : (exp as number) * 1_000;
  if (expiresAt <= now) throw new TunnelError("PN_AUTH_EXPIRED");
  const since = iat === undefined ? now : (iat as number) * 1_000;
  if (expiresAt - since > rules.longest) throw refusal("it is valid for longer than expiration_hours");

  const owner = claim(claims, rules.userClaim);
  // eslint-disable-next-line no-control-regex
  if (typeof owner !== "string" || owner === "" || owner.length > LONGEST_USER || /[\0-\x1f\x7f]/.test(owner))
    throw refusal(`${rules.userClaim} names no user`);
  const wanted = claim(claims, rules.namesClaim);
  const names = wanted === undefined ? NamePatterns.any : NamePatterns.parse(wanted);
  if (names === undefined) throw refusal(`${rules.namesClaim} is no list of names`);
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
