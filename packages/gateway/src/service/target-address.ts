import { bareHost, type DialerAddress } from "@postern/net";

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Where a target is, from its URL. */
export type TargetAddress =
  | { readonly kind: "address"; readonly address: DialerAddress; readonly basePath: string }
  | { readonly kind: "tunnel"; readonly name: string; readonly basePath: string };

/** @throws RangeError for a URL of another form. */
export function parseTarget(url: string): TargetAddress {
  if (url.startsWith("unix:/"))
    return { kind: "address", address: { socketPath: url.slice("unix:".length) }, basePath: "" };
  const parts = /^(?<scheme>https?|tunnel):\/\/(?<authority>[^/?#@]+)(?<path>\/[^?#]*)?$/.exec(url)?.groups;
  if (parts === undefined) throw new RangeError(`${JSON.stringify(url)} is not the URL of a target.`);
  const { scheme = "", authority = "", path = "" } = parts;
  const basePath = path.replace(/\/+$/, "/").replace(/^\/$/, "");
  if (scheme === "tunnel") return { kind: "tunnel", name: authority, basePath };
  const parsed = new URL(`${scheme}://${authority}`);
  const port = parsed.port === "" ? DEFAULT_PORTS[scheme]! : Number(parsed.port);
  return { kind: "address", address: { host: bareHost(parsed), port, tls: scheme === "https" }, basePath };
}
