import type { ConnectOptions } from "@postern/client";
import { endpointLabel, type EndpointConfiguration } from "@postern/config";
import {
  loadClientCredential,
  loadEndpointCredential,
  type ClientCredential,
} from "../credentials/client-credential.js";
import { loadClientTrust, type ClientTrust } from "../credentials/client-trust.js";
import type { Settings } from "../settings/configuration.js";
import { connectionOptions } from "./connect-options.js";
import { proxyChoice, type ProxyChoice } from "../settings/proxy-choice.js";
import { exposure, serverChoice } from "../settings/server-choice.js";

/** An endpoint as it is configured: what `connect` is to be asked for. */
export interface EndpointWish {
  /** What log and events call it. */
  label: string;
  options: ConnectOptions;
}

export interface EndpointWishes {
  wishes: EndpointWish[];
  /** Files that their credentials come from. */
  files: string[];
  /** What their author should know. */
  warnings: string[];
}

/** The endpoints of the file. Throws what reading their credentials throws. */
export async function endpointWishes(settings: Settings): Promise<EndpointWishes> {
  const { tunnel } = settings.loaded.values;
  const all: EndpointWishes[] = [];
  for (const index of tunnel.enabled ? tunnel.endpoints.keys() : []) all.push(await endpointWish(settings, index));
  // Several may share a file, and then have the same to warn of.
  const merged = (what: "files" | "warnings"): string[] => [...new Set(all.flatMap((each) => each[what]))];
  return { wishes: all.flatMap(({ wishes }) => wishes), files: merged("files"), warnings: merged("warnings") };
}

/** The endpoint at `index` of the file. Throws what reading its credential throws. */
export async function endpointWish(settings: Settings, index: number): Promise<EndpointWishes> {
  const { tunnel } = settings.loaded.values;
  const endpoint = tunnel.endpoints[index] as EndpointConfiguration;
  const label = endpointLabel(endpoint, index);
  const local = endpoint.local ?? `${tunnel.local_host}:${tunnel.local_port}`;
  const options = { ...connectionOptions(endpoint, tunnel), name: label, server: endpoint.server_url as string, local };
  const credential = await loadEndpointCredential(settings, index);
  const choice = proxyChoice(endpoint.proxy ?? tunnel.proxy, settings.env);
  return wishOf(label, options, credential, await loadClientTrust(settings), choice);
}

/** The one endpoint that was typed, with what the configuration says of all. Throws PN_SERVER_MISSING, and what reading the credential throws. */
export async function typedWish(
  endpoint: EndpointConfiguration,
  local: ConnectOptions["local"],
  settings: Settings,
): Promise<EndpointWishes> {
  const { tunnel } = settings.loaded.values;
  const server = serverChoice(endpoint.server_url, tunnel.endpoints[0]?.server_url);
  const options = { ...connectionOptions(endpoint, tunnel), server, local };
  const credential = await loadClientCredential(settings);
  const choice = proxyChoice(endpoint.proxy ?? tunnel.proxy, settings.env);
  return wishOf(typedLabel(endpoint), options, credential, await loadClientTrust(settings), choice);
}

/** What an endpoint is called that is in no file. */
export function typedLabel({ subdomain }: EndpointConfiguration): string {
  return subdomain ?? "default";
}

function wishOf(
  label: string,
  options: ConnectOptions,
  credential: ClientCredential,
  trust: ClientTrust,
  proxyOf: ProxyChoice,
): EndpointWishes {
  const { tokenRefresh } = credential.options;
  const servers = [options.server, ...(options.fallbacks ?? [])];
  const all = {
    ...options,
    ...proxies(servers, proxyOf),
    ...credential.options,
    ...(tokenRefresh && { tokenRefresh: { ...tokenRefresh, ...proxyOf(tokenRefresh.url) } }),
    tls: { ...trust.tls, ...credential.options.tls },
  };
  const warnings = [...credential.warnings, ...servers.map(exposure), ...trust.warnings];
  return {
    wishes: [{ label, options: all }],
    files: [...credential.files, ...trust.files],
    warnings: warnings.filter((each) => each !== undefined),
  };
}

/** Each server's own, where there is one. */
function proxies(servers: readonly string[], proxyOf: ProxyChoice): Pick<ConnectOptions, "proxy"> {
  const found = servers.flatMap((server) => {
    const { proxy } = proxyOf(server);
    return proxy === undefined ? [] : [[server, proxy] as const];
  });
  return found.length === 0 ? {} : { proxy: Object.fromEntries(found) };
}
