import { AddressUpstream } from "../upstream/address-upstream.js";
import type { Upstream } from "../upstream/upstream.js";
import type { GatewayServiceOptions, TargetOptions } from "./service-options.js";
import { parseTarget } from "./target-address.js";
import { TunnelTarget, type TunnelUpstream } from "./tunnel-target.js";

export type UpstreamSources = Pick<GatewayServiceOptions, "tunnelUpstream" | "onTargetFailure" | "onTargetChange">;

/**
 * Makes the upstream of a target. @throws RangeError for a URL of another form, or a tunnel without a server.
 * @param resolved one address of its host. Default: all of them are alternatives.
 */
export function targetUpstream(
  { url, trust, connectTimeout }: TargetOptions,
  sources: UpstreamSources,
  resolved?: string,
): Upstream {
  const { onTargetFailure: onFailure, onTargetChange } = sources;
  const target = parseTarget(url);
  const { basePath } = target;
  if (target.kind === "tunnel") return new TunnelTarget(target.name, tunnelOf(url, target.name, sources), basePath);
  const { address } = target;
  const onRecovered = (name: string): void => onTargetChange?.({ route: undefined, target: name, change: "up" });
  const common = { basePath, connectTimeout, onFailure, onRecovered };
  if (resolved === undefined || "socketPath" in address || resolved === address.host)
    return new AddressUpstream({ ...common, address, trust });
  const { authority } = new AddressUpstream({ address });
  // The certificate is for the name, and so is Host.
  const named = { ...trust, serverName: trust?.serverName ?? address.host };
  return new AddressUpstream({ ...common, address: { ...address, host: resolved }, authority, trust: named });
}

/** The tunnel of a target. @throws RangeError without a server. */
export function tunnelOf(url: string, name: string, { tunnelUpstream }: UpstreamSources): TunnelUpstream {
  if (tunnelUpstream === undefined)
    throw new RangeError(`${url} needs a tunnel server in the same process, which \`postern start\` runs.`);
  return tunnelUpstream(name);
}
