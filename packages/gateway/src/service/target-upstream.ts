import { bareHost } from "@postern/net";
import { AddressUpstream } from "../upstream/address-upstream.js";
import type { Upstream } from "../upstream/upstream.js";
import type { GatewayServiceOptions, TargetOptions } from "./service-options.js";
import { TunnelTarget } from "./tunnel-target.js";

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Makes the upstream of a target. @throws RangeError for a URL of another form, or a tunnel without a server. */
export function targetUpstream(
  { url, trust }: TargetOptions,
  { tunnelUpstream, onTargetFailure: onFailure }: Pick<GatewayServiceOptions, "tunnelUpstream" | "onTargetFailure">,
): Upstream {
  if (url.startsWith("unix:/"))
    return new AddressUpstream({ address: { socketPath: url.slice("unix:".length) }, onFailure });
  const parts = /^(?<scheme>https?|tunnel):\/\/(?<authority>[^/?#@]+)(?<path>\/[^?#]*)?$/.exec(url)?.groups;
  if (parts === undefined) throw new RangeError(`${JSON.stringify(url)} is not the URL of a target.`);
  const { scheme = "", authority = "", path = "" } = parts;
  const basePath = path.replace(/\/+$/, "");
  if (scheme === "tunnel") {
    if (tunnelUpstream === undefined)
      throw new RangeError(`${url} needs a tunnel server in the same process, which \`postern start\` runs.`);
    return new TunnelTarget(authority, tunnelUpstream(authority), basePath);
  }
  const address = new URL(`${scheme}://${authority}`);
  const port = address.port === "" ? DEFAULT_PORTS[scheme]! : Number(address.port);
  return new AddressUpstream({
    address: { host: bareHost(address), port, tls: scheme === "https" },
    basePath,
    trust,
    onFailure,
  });
}
