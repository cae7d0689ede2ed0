import { parseAuthority } from "@postern/gateway";
import type { Bind, Check, ErrorCode } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import type { Principal } from "../login/principal.js";
import type { Holder } from "../names/lease.js";
import { isReservedName, isValidName } from "../names/name.js";
import { defaultName, type DefaultName } from "./default-name.js";
import type { SessionDependencies } from "./session-dependencies.js";

/** What a `bind` gets. */
export interface BindGrant extends DefaultName {
  readonly hostHeader: string | undefined;
  readonly holder: Holder;
}

/** The session that asks. */
export interface Binder {
  readonly principal: Principal;
  /** The user of `hello`, unverified. */
  readonly user: string | undefined;
  /** Tunnels that the session has. */
  readonly tunnels: number;
}

/** What `bind` gets, or why it is refused. Nothing is opened. */
export function bindGrant(
  bind: Bind | Check,
  { principal, user, tunnels }: Binder,
  { registry, nameRules, maxTunnels }: SessionDependencies,
): BindGrant | ErrorCode {
  const { subdomain } = bind;
  const named =
    subdomain === undefined
      ? defaultName(user ?? principal.user, principal, registry, nameRules)
      : { name: subdomain.toLowerCase(), requested: true };
  if (named === undefined) return "PN_NAME_FORBIDDEN";
  const { name } = named;
  // The operator's rules on length are for names that clients choose.
  if (!isValidName(name, subdomain === undefined ? undefined : nameRules)) return "PN_NAME_INVALID";
  if (isReservedName(name, nameRules)) return "PN_NAME_RESERVED";
  if (!principal.names.allow(name)) return "PN_NAME_FORBIDDEN";
  const hostHeader = bind.host_header === "rewrite" ? bind.local_host : bind.host_header;
  if (hostHeader !== undefined && parseAuthority(hostHeader) === undefined) return "PN_HOST_HEADER";
  if (tunnels >= SERVER_LIMITS.tunnelsPerSession) return "PN_SESSION_TUNNEL_LIMIT";
  // Another session for a name that is served does not add a tunnel.
  if (registry.size >= maxTunnels && !registry.has(name)) return "PN_SERVER_TUNNEL_LIMIT";
  const holder = { owner: principal.owner, instance: bind.type === "bind" ? bind.instance : undefined };
  return registry.refusal(name, holder) ?? { ...named, hostHeader, holder };
}
