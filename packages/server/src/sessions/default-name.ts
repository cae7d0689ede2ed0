import type { Identity } from "../login/principal.js";
import { isReservedName, isValidName, randomName, type NameRules } from "../names/name.js";
import type { NameRegistry } from "../tunnels/name-registry.js";

const LONGEST = 63;
/** Two made-up names in a row that somebody has are not met in practice. */
const TRIES = 20;

export interface DefaultName {
  name: string;
  /** It is kept for its owner like one that was asked for: the next time it is the same. */
  lasting: boolean;
}

/**
 * The name of a tunnel that asks for none: the user's own, else one that its credential lists, else a made-up one. Undefined: all that it
 * may have are in use.
 */
export function defaultName(
  user: string | undefined,
  { owner, names }: Identity,
  registry: NameRegistry,
  rules: NameRules,
): DefaultName | undefined {
  const isFree = (name: string): boolean => {
    const served = registry.find(name);
    return (
      isValidName(name, rules) &&
      !isReservedName(name, rules) &&
      names.allow(name) &&
      registry.refusal(name, { owner, instance: undefined }) === undefined &&
      // One that a client of the same owner dropped is what that client comes back for.
      (served === undefined || served === "away")
    );
  };
  const own = [...(user === undefined ? [] : [labelOf(user)]), ...names.exact].find(isFree);
  if (own !== undefined) return { name: own, lasting: true };

  for (let tries = 0; tries < TRIES; tries++) {
    for (const prefix of names.prefixes) {
      const name = (prefix + randomName()).slice(0, LONGEST);
      if (isValidName(name) && !isReservedName(name, rules) && registry.find(name) === undefined)
        return { name, lasting: false };
    }
  }
  return undefined;
}

/** `Ann@example.com` is called ann. */
function labelOf(user: string): string {
  return user.split("@", 1)[0]!.toLowerCase();
}
