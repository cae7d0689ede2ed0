import { checkClaims, type ClaimRules, type Claims } from "@postern/gateway";
import { TunnelError } from "@postern/protocol";
import { NamePatterns } from "../names/name-patterns.js";
import { tokenRefusal } from "./token-refusal.js";

/** The claims that a token must have, and those that are read. */
export interface HolderRules extends ClaimRules {
  /** The claim with the user. */
  userClaim: string;
  /** The claim with the names that the user may bind. */
  namesClaim: string;
}

/** The holder of a verified token. */
export interface TokenHolder {
  owner: string;
  names: NamePatterns;
  /** Milliseconds of Unix time. */
  expiresAt: number;
}

const LONGEST_USER = 255;

/**
 * Reads the claims of a verified token.
 * @param now Unix time in milliseconds.
 * @throws TunnelError PN_AUTH_EXPIRED; PN_AUTH_REFUSED with a reason.
 */
export function tokenHolder(claims: Claims, rules: HolderRules, now: number): TokenHolder {
  const expiresAt = expiryOf(claims, rules, now);
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

function expiryOf(claims: Claims, rules: ClaimRules, now: number): number {
  try {
    return checkClaims(claims, rules, now);
  } catch (error) {
    throw tokenRefusal(error);
  }
}

function refusal(detail: string): TunnelError {
  return new TunnelError("PN_AUTH_REFUSED", detail);
}
