import type { RouteConfiguration } from "@postern/config";
import type { BalanceOptions, HashKey } from "@postern/gateway";

/** How the target of a request is chosen. Nothing for a route with the defaults. */
export function balanceOf({ strategy, hash_key, sticky_sessions: sticky }: RouteConfiguration): {
  balance?: BalanceOptions;
} {
  if (strategy === "round_robin" && sticky === "off") return {};
  const key = strategy === "hash" ? { key: hashKey(hash_key) } : {};
  return { balance: { strategy, ...key, ...(sticky === "off" ? {} : { sticky }) } };
}

/** `address`, `header:NAME` or `cookie:NAME` */
function hashKey(given: string): HashKey {
  const [kind, name = ""] = given.split(":");
  if (kind === "header") return { kind, name: name.toLowerCase() };
  return kind === "cookie" ? { kind, name } : { kind: "address" };
}
