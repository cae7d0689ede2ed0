import type { Principal } from "../login/principal.js";
import { isReservedName, isValidName, randomName, type NameRules } from "../names/name.js";
import type { TunnelRegistry } from "../tunnels/tunnel-registry.js";

const MAX_LENGTH = 63;
/** Two random names in a row that are in use are practically impossible. */
const TRIES = 20;

export interface DefaultName {
  readonly name: string;
  /** The owner keeps the name, like one that its client requested, and gets it again the next time. */
  readonly requested: boolean;
}

/**
 * The name of a tunnel whose client requests none: the user's, else one that the credential lists, else a random one.
 * Undefined: all that the credential allows are in use.
 */
export function defaultName(
  user: string | undefined,
  { owner, names }: Principal,
  registry: TunnelRegistry,
  rules: NameRules,
): DefaultName | undefined {
  const isFree = (name: string): boolean =>
    isValidName(name, rules) &&
    !isReservedName(name, rules) &&
    names.allow(name) &&
    registry.refusal(name, { owner, instance: undefined }) === undefined &&
    !registry.has(name);
  const own = [...(user === undefined ? [] : [labelOf(user)]), ...names.exact].find(isFree);
  if (own !== undefined) return { name: own, requested: true };

  for (let tries = 0; tries < TRIES; tries++) {
    for (const prefix of names.prefixes) {
      const name = (prefix + randomName()).slice(0, MAX_LENGTH);
      if (isValidName(name) && !isReservedName(name, rules) && registry.find(name) === undefined)
        return { name, requested: false };
    }
  }
  return undefined;
}

/** `Ann@example.com` gives ann. */
function labelOf(user: string): string {
  return user.split("@", 1)[0]!.toLowerCase();
}
