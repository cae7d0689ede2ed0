import { parseAuthority } from "@postern/gateway";
import type { Bind, Check, ErrorCode } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import type { Principal } from "../login/principal.js";
import type { Holder } from "../names/lease.js";
import { isReservedName, isValidName } from "../names/name.js";
import { defaultName, type DefaultName } from "./default-name.js";
import type { SessionDependencies } from "./session-dependencies.js";

/** The result of a successful `bind`. */
export interface BindGrant extends DefaultName {
  readonly hostHeader: string | undefined;
  readonly holder: Holder;
}

/** The client that sent the `bind`. */
export interface Binder {
  readonly principal: Principal;
  /** The user of `hello`, unverified. */
  readonly user: string | undefined;
}

/** Returns the grant for `bind`, or the code of its refusal. @param tunnels the number of tunnels of the session. */
export function bindGrant(
  bind: Bind | Check,
  { principal, user }: Binder,
  tunnels: number,
  { registry, nameRules, maxTunnels }: SessionDependencies,
): BindGrant | ErrorCode {
  const { subdomain } = bind;
  const named =
    subdomain === undefined
      ? defaultName(user ?? principal.user, principal, registry, nameRules)
      : { name: subdomain.toLowerCase(), requested: true };
  if (named === undefined) return "PN_NAME_FORBIDDEN";
  const { name } = named;
  // The operator's rules for the length apply to names that clients choose.
  if (!isValidName(name, subdomain === undefined ? undefined : nameRules)) return "PN_NAME_INVALID";
  if (isReservedName(name, nameRules)) return "PN_NAME_RESERVED";
  if (!principal.names.allow(name)) return "PN_NAME_FORBIDDEN";
  const hostHeader = bind.host_header === "rewrite" ? bind.local_host : bind.host_header;
  if (hostHeader !== undefined && parseAuthority(hostHeader) === undefined) return "PN_HOST_HEADER";
  if (tunnels >= SERVER_LIMITS.tunnelsPerSession) return "PN_SESSION_TUNNEL_LIMIT";
  // Another session for a name that is already served does not add a tunnel.
  if (registry.size >= maxTunnels && !registry.has(name)) return "PN_SERVER_TUNNEL_LIMIT";
  const holder: Holder = {
    owner: principal.owner,
    instance: bind.type === "bind" ? bind.instance : undefined,
    offlineStatus: bind.type === "bind" && bind.offline_status === 404 ? 404 : 503,
  };
  return registry.refusal(name, holder) ?? { ...named, hostHeader, holder };
}
