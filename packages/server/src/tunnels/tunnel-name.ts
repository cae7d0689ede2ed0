import type { Upstream } from "@postern/gateway";
import { GroupMember } from "./group-member.js";
import { Tunnel } from "./tunnel.js";

/** The name that a tunnel, or a client of a group, serves; undefined for other upstreams. */
export function tunnelNameOf(upstream: Upstream | undefined): string | undefined {
  if (upstream instanceof Tunnel) return upstream.name;
  return upstream instanceof GroupMember ? upstream.tunnelName : undefined;
}
