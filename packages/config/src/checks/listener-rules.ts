import type { Configuration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import { gatewayAddresses, hostOf, usesWildcard } from "./gateway-addresses.js";
import type { RuleViolation } from "./rule-violation.js";

interface Listener {
  readonly address: string;
  readonly who: string;
  /** The option to change. */
  readonly path: Path;
}

const ALL_ADDRESSES: readonly string[] = ["0.0.0.0", "[::]"];

/** Checks the listeners of the gateway: certificates, and ports that two parts of the file use. */
export function* listenerViolations(
  configuration: Configuration,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  const { listen, default_port, ssl } = configuration.server;
  const isSet = listen !== undefined && default_port !== undefined;
  if (isSet && originOf(["server", "listen"]) === originOf(["server", "default_port"]))
    yield { path: ["server", "default_port"], message: "listen and default_port are both set. Remove one of them." };
  if (ssl.enabled) yield* certificateViolations(ssl);
  const gateway = gatewayListeners(configuration, originOf);
  const servesFiles = Object.keys(configuration.static_config).some(
    (name) => originOf(["static_config", name]) !== "default",
  );
  const runs = configuration.proxy.length > 0 || servesFiles;
  const server = runs && configuration.tunnel.server.enabled ? serverListeners(configuration) : [];
  const all = [...gateway, ...server];
  for (const [index, one] of all.entries())
    for (const other of all.slice(index + 1)) {
      // The server's own addresses may be the same.
      if (server.includes(one) || !overlap(one.address, other.address)) continue;
      const place = one.address === other.address ? one.address : `${one.address} and ${other.address}`;
      const message = `${one.who} and ${other.who} would use the same port, ${place}. Change one of them.`;
      yield { path: one.path, message };
    }
}

function* certificateViolations(ssl: Configuration["server"]["ssl"]): Generator<RuleViolation> {
  const path = ["server", "ssl"];
  const { wildcard, lets_encrypt, protocols } = ssl;
  const hasWildcard = usesWildcard(ssl);
  if ((ssl.cert_file === undefined) !== (ssl.key_file === undefined))
    yield { path, message: "cert_file and key_file must be set together. Set both." };
  else if (ssl.cert_file === undefined && !hasWildcard && !lets_encrypt.enabled)
    yield { path, message: "HTTPS requires cert_file and key_file. Set both." };
  if (hasWildcard && (wildcard.cert_file === undefined || wildcard.key_file === undefined)) {
    const message = "a wildcard certificate requires cert_file and key_file. Set both, or set enabled = false.";
    yield { path: [...path, "wildcard"], message };
  }
  if (protocols.length === 0)
    yield { path: [...path, "protocols"], message: "protocols is empty. List a TLS version, or remove the option." };
}

function gatewayListeners(configuration: Configuration, originOf: (path: Path) => string): Listener[] {
  const { http, https } = gatewayAddresses(configuration.server, originOf);
  const name = originOf(["server", "default_port"]) === "default" ? "listen" : "default_port";
  return [
    { address: http, who: "[server]", path: ["server", name] },
    ...(https === undefined
      ? []
      : [{ address: https, who: "https_port of [server.ssl]", path: ["server", "ssl", "https_port"] }]),
  ];
}

function serverListeners({ tunnel: { server } }: Configuration): Listener[] {
  const { listen, tunnel_port, public_port, public_https_port, network, ssl } = server;
  const path = ["tunnel", "server"];
  const listeners: Listener[] = [];
  const add = (host: string, port: number, name: string): void => {
    listeners.push({ address: `${host}:${port}`, who: `${name} of [tunnel.server]`, path: [...path, name] });
  };
  const visitors = network.public_bind_address ?? ALL_ADDRESSES[0]!;
  if (tunnel_port !== undefined) add(network.bind_address ?? ALL_ADDRESSES[0]!, tunnel_port, "tunnel_port");
  if (public_port !== undefined) add(visitors, public_port, "public_port");
  // Files with separate ports do not use `listen`.
  const isCombined = listeners.length === 0;
  if (isCombined) listeners.push({ address: listen, who: "listen of [tunnel.server]", path: [...path, "listen"] });
  if (ssl.enabled && public_https_port !== undefined)
    add(isCombined ? hostOf(listen) : visitors, public_https_port, "public_https_port");
  return listeners;
}

function overlap(one: string, other: string): boolean {
  const port = one.slice(hostOf(one).length);
  if (port === ":0" || port !== other.slice(hostOf(other).length)) return false;
  const [host, another] = [one, other].map((each) => hostOf(each).replace(/^localhost$/, "127.0.0.1"));
  return host === another || [host, another].some((each) => ALL_ADDRESSES.includes(each!));
}
