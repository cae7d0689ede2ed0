import type { ConnectOptions } from "@postern/client";
import { resolve } from "node:path";
import { endpointLabel, isFolderTarget, type EndpointConfiguration, type Path } from "@postern/config";
import { asksForAccess } from "../access/asks-for-access.js";
import { cookieKey } from "../credentials/cookie-key.js";
import {
  loadClientCredential,
  loadEndpointCredential,
  type ClientCredential,
} from "../credentials/client-credential.js";
import { loadClientTrust, type ClientTrust } from "../credentials/client-trust.js";
import { loadLocalTrust, type LocalTrust } from "../credentials/local-trust.js";
import type { Settings } from "../settings/configuration.js";
import type { LocalTarget } from "../settings/local-target.js";
import { connectionOptions } from "./connect-options.js";
import { filesOptions } from "./served-folders.js";
import { checkOnly, type ShareFolder } from "./shared-folders.js";
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

/**
 * Reads the endpoints of the file. Throws CliError or TlsError when a credential or a folder cannot be read.
 * @param share serves the folders. Default: they are only checked.
 */
export async function loadEndpointSpecs(settings: Settings, share?: ShareFolder): Promise<EndpointSpecs> {
  const { tunnel } = settings.loaded.values;
  const all: EndpointSpecs[] = [];
  for (const index of tunnel.enabled ? tunnel.endpoints.keys() : [])
    all.push(await loadEndpointSpec(settings, index, share));
  // Endpoints that share a credential file have the same warnings.
  const merged = (list: "files" | "warnings"): string[] => [...new Set(all.flatMap((each) => each[list]))];
  return { specs: all.flatMap(({ specs }) => specs), files: merged("files"), warnings: merged("warnings") };
}

/** Reads the endpoint at `index` of the file. Throws and shares as `loadEndpointSpecs`. */
export async function loadEndpointSpec(
  settings: Settings,
  index: number,
  share: ShareFolder = checkOnly,
): Promise<EndpointSpecs> {
  const { tunnel } = settings.loaded.values;
  const endpoint = tunnel.endpoints[index] as EndpointConfiguration;
  const label = endpointLabel(endpoint, index);
  const path = ["tunnel", "endpoints", index];
  const credential = await loadEndpointCredential(settings, index);
  const trust = await loadClientTrust(settings);
  const given = endpoint.local ?? `${tunnel.local_host}:${tunnel.local_port}`;
  const target: LocalTarget = isFolderTarget(given)
    ? { folder: resolve(settings.pathOf(given, ...path, "local")), shown: given }
    : { local: given, shown: given };
  const { local, warnings } = await localOf(target, endpoint, share, settings, [...credential.files, ...trust.files]);
  const options = { ...connectionOptions(endpoint, tunnel), name: label, server: endpoint.server_url as string, local };
  const choice = proxyChoice(endpoint.proxy ?? tunnel.proxy, settings.env);
  const localTrust = await loadLocalTrust(endpoint, local, settings, path);
  const spec = specOf(label, options, credential, trust, localTrust, choice);
  return withAccess(withWarnings(spec, warnings), endpoint, settings, path);
}

/**
 * Completes the endpoint of the command line with the configuration's settings for all endpoints. Throws
 * PN_SERVER_MISSING, and CliError or TlsError when the credential or the folder cannot be read.
 * @param share serves the folder. Default: it is only checked.
 * @param password for visitors, if a person has entered one
 */
export async function loadCommandLineSpec(
  endpoint: EndpointConfiguration,
  target: LocalTarget,
  settings: Settings,
  share: ShareFolder = checkOnly,
  password?: string,
): Promise<EndpointSpecs> {
  const { tunnel } = settings.loaded.values;
  const server = serverChoice(endpoint.server_url, tunnel.endpoints[0]?.server_url);
  const credential = await loadClientCredential(settings);
  const trust = await loadClientTrust(settings);
  const { local, warnings } = await localOf(target, endpoint, share, settings, [...credential.files, ...trust.files]);
  const options = { ...connectionOptions(endpoint, tunnel), server, local };
  const choice = proxyChoice(endpoint.proxy ?? tunnel.proxy, settings.env);
  const path = ["tunnel", "endpoint"];
  const localTrust = await loadLocalTrust(endpoint, local, settings, path);
  const spec = specOf(commandLineLabel(endpoint), options, credential, trust, localTrust, choice);
  return withAccess(withWarnings(spec, warnings), endpoint, settings, path, password);
}

/** The local service of an endpoint. A folder is shared. @param files of the endpoint's credentials */
async function localOf(
  { local, folder, shown }: LocalTarget,
  endpoint: EndpointConfiguration,
  share: ShareFolder,
  settings: Settings,
  files: readonly string[],
): Promise<{ local: ConnectOptions["local"]; warnings: string[] }> {
  if (folder === undefined) return { local, warnings: [] };
  return share({ name: shown, files: filesOptions(endpoint.files, folder) }, settings, files);
}

function withWarnings(loaded: EndpointSpecs, more: readonly string[]): EndpointSpecs {
  return { ...loaded, warnings: [...loaded.warnings, ...more] };
}

/** Adds the policies. Their code is loaded only if there are any. */
async function withAccess(
  { specs, files, warnings }: EndpointSpecs,
  endpoint: EndpointConfiguration,
  settings: Settings,
  path: Path,
  password?: string,
): Promise<EndpointSpecs> {
  // An empty table of logins has no other values than a missing one.
  const { access, request_headers, response_headers } = endpoint;
  const setsHeaders = Object.keys({ ...request_headers, ...response_headers }).length > 0;
  const hasLogin = settings.loaded.hasTable(...path, "access", "oidc");
  if (password === undefined && !asksForAccess(access) && !hasLogin && !setsHeaders) return { specs, files, warnings };
  const { loadEndpointAccess } = await import("../access/endpoint-access.js");
  const notes: string[] = [];
  const saltKey = (): string => cookieKey(settings, (text) => void notes.push(text));
  const place = [...path, "access"];
  const { policies, ...more } = await loadEndpointAccess(settings, endpoint, place, saltKey, password);
  return {
    specs:
      policies === undefined
        ? specs
        : specs.map((spec) => ({ ...spec, options: { ...spec.options, access: policies } })),
    files: [...files, ...more.files],
    warnings: [...warnings, ...more.warnings, ...notes],
  };
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
