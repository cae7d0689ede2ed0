import { randomUUID } from "node:crypto";
import { parseAuthority } from "@postern/gateway";
import type { Bind, Check, ErrorCode } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { ownerRetry } from "./owners.js";
import type { Principal } from "../login/principal.js";
import type { Holder } from "../names/lease.js";
import { isDefaultLength, isReservedName, isValidName } from "../names/name.js";
import type { AskedPolicies } from "../policies/asked-policies.js";
import { defaultName, type DefaultName } from "./default-name.js";
import type { SessionDependencies } from "./session-dependencies.js";

/** The result of a successful `bind`. */
export interface BindGrant extends DefaultName {
  readonly hostHeader: string | undefined;
  readonly holder: Holder;
  readonly policies: AskedPolicies;
}

/** Why a `bind` is refused. */
export interface BindRefusal {
  readonly code: ErrorCode;
  /** More about this case, for people. */
  readonly detail?: string;
  /** Milliseconds until the client may retry. */
  readonly retryAfter?: number;
}

/** The client that sent the `bind`. */
export interface Binder {
  readonly principal: Principal;
  /** The user of `hello`, unverified. */
  readonly user: string | undefined;
}

/** Returns the grant for `bind`, or its refusal. @param tunnels the number of tunnels of the session. */
export function bindGrant(
  bind: Bind | Check,
  binder: Binder,
  tunnels: number,
  dependencies: SessionDependencies,
): BindGrant | BindRefusal {
  // Refused requests count too, because they also cost time.
  if (!dependencies.owners.mayBind(binder.principal.owner))
    return { code: "PN_OWNER_BIND_RATE", retryAfter: ownerRetry() };
  const policies = dependencies.policies.read(bind.policies);
  if ("code" in policies) return policies;
  const outcome = grantOrCode(bind, binder, tunnels, policies, dependencies);
  if (typeof outcome !== "string") return outcome;
  const detail = detailOf(outcome, bind, dependencies);
  return { code: outcome, ...(detail === undefined ? {} : { detail }) };
}

function detailOf(
  code: ErrorCode,
  { subdomain = "" }: Bind | Check,
  { nameRules, registry, groupStrategies }: SessionDependencies,
): string | undefined {
  const { shortest, longest } = nameRules;
  if (code === "PN_NAME_INVALID" && !isDefaultLength(nameRules))
    return `this server accepts names of ${shortest} to ${longest} characters`;
  if (code === "PN_STRATEGY_FORBIDDEN")
    return groupStrategies.length === 0 ? "it allows none" : `it allows ${groupStrategies.join(", ")}`;
  return code === "PN_STRATEGY_CONFLICT" ? `they use ${registry.strategy(subdomain.toLowerCase())}` : undefined;
}

function grantOrCode(
  bind: Bind | Check,
  { principal, user }: Binder,
  tunnels: number,
  policies: AskedPolicies,
  { registry, nameRules, maxTunnels, mayJoin, groupStrategies }: SessionDependencies,
): BindGrant | ErrorCode {
  const { subdomain } = bind;
  const named =
    subdomain === undefined
      ? defaultName(user ?? principal.user, principal, registry, nameRules, bind.type === "check")
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
  const joins = bind.join === true;
  if (joins && !mayJoin) return "PN_JOIN_FORBIDDEN";
  // Without `join`, it has no effect.
  const wish = joins ? bind.strategy : undefined;
  const strategy = groupStrategies.find((each) => each === wish);
  if (wish !== undefined && strategy === undefined) return "PN_STRATEGY_FORBIDDEN";
  const holder = { ...holderOf(bind, principal.owner, joins), ...(strategy === undefined ? {} : { strategy }) };
  return registry.refusal(name, holder, policies) ?? { ...named, hostHeader, holder, policies };
}

function holderOf(bind: Bind | Check, owner: string, joins: boolean): Holder {
  // A `check` has the outcome of a `bind` by an instance that the server does not know.
  if (bind.type === "check") return { owner, instance: undefined, joins };
  return {
    owner,
    // Without an instance, each `bind` that joins is a client of its own.
    instance: bind.instance ?? (joins ? randomUUID() : undefined),
    joins,
    ...(joins ? { weight: bind.weight ?? 1 } : {}),
    offlineStatus: bind.offline_status === 404 ? 404 : 503,
  };
}
