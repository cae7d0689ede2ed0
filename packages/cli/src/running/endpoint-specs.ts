import type { ConnectOptions } from "@postern/client";
import { endpointLabel, type EndpointConfiguration } from "@postern/config";
import {
  loadClientCredential,
  loadEndpointCredential,
  type ClientCredential,
} from "../credentials/client-credential.js";
import { loadClientTrust, type ClientTrust } from "../credentials/client-trust.js";
import { loadLocalTrust, type LocalTrust } from "../credentials/local-trust.js";
import type { Settings } from "../settings/configuration.js";
import { connectionOptions } from "./connect-options.js";
import { proxyChoice, type ProxyChoice } from "../settings/proxy-choice.js";
import { exposure, serverChoice } from "../settings/server-choice.js";

/** A configured endpoint: its options for `connect`. */
export interface EndpointSpec {
  /** Its name in logs and events. */
  label: string;
  options: ConnectOptions;
}

export interface EndpointSpecs {
  specs: EndpointSpec[];
  /** Files of their credentials. */
  files: string[];
  warnings: string[];
}

/** Reads the endpoints of the file. Throws CliError or TlsError when a credential cannot be read. */
export async function loadEndpointSpecs(settings: Settings): Promise<EndpointSpecs> {
  const { tunnel } = settings.loaded.values;
  const all: EndpointSpecs[] = [];
  for (const index of tunnel.enabled ? tunnel.endpoints.keys() : []) all.push(await loadEndpointSpec(settings, index));
  // Endpoints that share a credential file have the same warnings.
  const merged = (list: "files" | "warnings"): string[] => [...new Set(all.flatMap((each) => each[list]))];
  return { specs: all.flatMap(({ specs }) => specs), files: merged("files"), warnings: merged("warnings") };
}

/** Reads the endpoint at `index` of the file. Throws CliError or TlsError when its credential cannot be read. */
export async function loadEndpointSpec(settings: Settings, index: number): Promise<EndpointSpecs> {
  const { tunnel } = settings.loaded.values;
  const endpoint = tunnel.endpoints[index] as EndpointConfiguration;
  const label = endpointLabel(endpoint, index);
  const local = endpoint.local ?? `${tunnel.local_host}:${tunnel.local_port}`;
  const options = { ...connectionOptions(endpoint, tunnel), name: label, server: endpoint.server_url as string, local };
  const credential = await loadEndpointCredential(settings, index);
  const choice = proxyChoice(endpoint.proxy ?? tunnel.proxy, settings.env);
  const localTrust = await loadLocalTrust(endpoint, local, settings, ["tunnel", "endpoints", index]);
  return specOf(label, options, credential, await loadClientTrust(settings), localTrust, choice);
}

/**
 * Completes the endpoint of the command line with the configuration's settings for all endpoints. Throws
 * PN_SERVER_MISSING, and CliError or TlsError when the credential cannot be read.
 */
export async function loadCommandLineSpec(
  endpoint: EndpointConfiguration,
  local: ConnectOptions["local"],
  settings: Settings,
): Promise<EndpointSpecs> {
  const { tunnel } = settings.loaded.values;
  const server = serverChoice(endpoint.server_url, tunnel.endpoints[0]?.server_url);
  const options = { ...connectionOptions(endpoint, tunnel), server, local };
  const credential = await loadClientCredential(settings);
  const choice = proxyChoice(endpoint.proxy ?? tunnel.proxy, settings.env);
  const localTrust = await loadLocalTrust(endpoint, local, settings, ["tunnel", "endpoint"]);
  return specOf(commandLineLabel(endpoint), options, credential, await loadClientTrust(settings), localTrust, choice);
}

/** The name of the command line's endpoint in logs and events. */
export function commandLineLabel({ subdomain }: EndpointConfiguration): string {
  return subdomain ?? "default";
}

function specOf(
  label: string,
  options: ConnectOptions,
  credential: ClientCredential,
  trust: ClientTrust,
  { localTls, ...local }: LocalTrust,
  proxyOf: ProxyChoice,
): EndpointSpecs {
  const { tokenRefresh } = credential.options;
  const servers = [options.server, ...(options.fallbacks ?? [])];
  const all = {
    ...options,
    ...proxies(servers, proxyOf),
    ...credential.options,
    ...(tokenRefresh && { tokenRefresh: { ...tokenRefresh, ...proxyOf(tokenRefresh.url) } }),
    tls: { ...trust.tls, ...credential.options.tls },
    localTls,
  };
  const warnings = [...credential.warnings, ...servers.map(exposure), ...trust.warnings, ...local.warnings];
  return {
    specs: [{ label, options: all }],
    files: [...credential.files, ...trust.files, ...local.files],
    warnings: warnings.filter((each) => each !== undefined),
  };
}

/** The proxy of each server that has one. */
function proxies(servers: readonly string[], proxyOf: ProxyChoice): Pick<ConnectOptions, "proxy"> {
  const found = servers.flatMap((server) => {
    const { proxy } = proxyOf(server);
    return proxy === undefined ? [] : [[server, proxy] as const];
  });
  return found.length === 0 ? {} : { proxy: Object.fromEntries(found) };
}
