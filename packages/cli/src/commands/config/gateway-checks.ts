import { statSync } from "node:fs";
import { loadGatewayCertificates } from "../../credentials/gateway-certificates.js";
import { loadTargetTrust } from "../../credentials/target-trust.js";
import type { Settings } from "../../settings/configuration.js";
import { isLoopbackAddress } from "../../settings/listen-address.js";

/** Reads the certificates and keys of the gateway. Each check returns warnings, and throws what the gateway throws. */
export function gatewayChecks(settings: Settings): (() => Promise<string[]> | string[])[] {
  return [
    async () => (await loadGatewayCertificates(settings)).warnings,
    () => missingFolder(settings),
    ...settings.loaded.values.proxy.map((_, index) => async () => (await loadTargetTrust(settings, index)).warnings),
  ];
}

/** The folder of static files is not used yet, so a missing one is not an error. */
function missingFolder(settings: Settings): string[] {
  const { loaded } = settings;
  const isUsed = loaded.resolution.sections.some(({ path }) => path[0] === "static_config");
  const folder = settings.pathOf(loaded.values.static_config.directory, "static_config", "directory");
  if (!isUsed || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return [];
  return [`${folder} is not a folder (directory in [static_config]). Create it, or name another.`];
}

/** Whether the file describes a gateway. */
export function describesGateway({ loaded }: Settings): boolean {
  const tables = ["server", "static_config", "proxy"];
  return loaded.resolution.sections.some(({ path }) => path.length > 0 && tables.includes(String(path[0])));
}

/** Where other machines can reach the gateway. */
export function gatewayReach({ loaded }: Settings): string[] {
  const { http, https } = loaded.gatewayAddresses;
  if (isLoopbackAddress(http)) return [];
  const addresses = https === undefined ? `${http} without encryption` : `${http} and, with HTTPS, ${https}`;
  return [
    `Other machines can reach the gateway at ${addresses}. To serve this machine only, set listen = "127.0.0.1:${http.slice(http.lastIndexOf(":") + 1)}" in [server].`,
  ];
}
