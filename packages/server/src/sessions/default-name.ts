import type { Principal } from "../login/principal.js";
import { isReservedName, isValidName, randomName, type NameRules } from "../names/name.js";
import type { TunnelRegistry } from "../tunnels/tunnel-registry.js";

const MAX_LENGTH = 63;
/** It is practically impossible that two random names in a row are in use. */
const MAX_ATTEMPTS = 20;

export interface DefaultName {
  readonly name: string;
  /** Whether the owner keeps the name, like a name that its client requested, and gets it again the next time. */
  readonly requested: boolean;
}

/**
 * The name of a tunnel whose client requests none: the user's name, else a name that the credential lists, else a
 * random name. Undefined: all names that the credential allows are in use.
 * @param isCheck the client only asks. A name that another client of the owner serves now counts as free: it is the
 * name that this client has while it runs.
 */
export function defaultName(
  user: string | undefined,
  { owner, names }: Principal,
  registry: TunnelRegistry,
  rules: NameRules,
  isCheck = false,
): DefaultName | undefined {
  const isFree = (name: string): boolean =>
    isValidName(name, rules) &&
    !isReservedName(name, rules) &&
    names.allow(name) &&
    registry.refusal(name, { owner, instance: undefined }) === undefined &&
    (isCheck || !registry.has(name));
  const own = [...(user === undefined ? [] : [labelOf(user)]), ...names.exact].find(isFree);
  if (own !== undefined) return { name: own, requested: true };

  for (let tries = 0; tries < MAX_ATTEMPTS; tries++) {
    for (const prefix of names.prefixes) {
      const name = (prefix + randomName()).slice(0, MAX_LENGTH);
      if (isValidName(name) && !isReservedName(name, rules) && registry.isFree(name)) return { name, requested: false };
    }
  }
  return undefined;
}

/** `Ann@example.com` gives ann. */
function labelOf(user: string): string {
  return user.split("@", 1)[0]!.toLowerCase();
}
