import type { Path } from "@postern/config";
import type { Settings } from "../settings/configuration.js";
import { servesStaticFiles } from "./served-folders.js";
import { isLoopbackAddress } from "../settings/listen-address.js";

/** Whether the file has a part that the gateway serves. */
export function hasGateway(settings: Settings): boolean {
  return settings.loaded.values.proxy.length > 0 || servesStaticFiles(settings);
}

/** The tables of monitoring that a gateway uses. `enabled = false` in `[tunnel]` does not switch them off for it. */
export function gatewayMonitoring(settings: Settings): Path[] {
  const { monitoring, local_api: local } = settings.loaded.values.tunnel;
  if (!hasGateway(settings) || !monitoring.enabled) return [];
  return [["tunnel", "monitoring"], ...(local.enabled ? [["tunnel", "local_api"]] : [])];
}

const FIXED_TLS: ReadonlySet<string> = new Set(["enabled", "https_port", "protocols", "cipher_suites", "redirect"]);

/** Whether an option of `[server]` is read only at start. A reload applies the others. */
export function isFixedGatewayOption([first, second, third]: Path): boolean {
  if (first !== "server") return false;
  if (second === "oidc") return false;
  if (second !== "ssl") return second !== "request_timeout" && second !== "max_request_size_mb";
  return FIXED_TLS.has(String(third));
}

/** The warning that other machines can reach the gateway; none if they cannot. */
export function gatewayExposure({ loaded }: Settings): string[] {
  const { http } = loaded.gatewayAddresses;
  if (isLoopbackAddress(http)) return [];
  const own = `127.0.0.1${http.slice(http.lastIndexOf(":"))}`;
  const isFromFlag = (["listen", "default_port"] as const).some(
    (name) => loaded.origin("server", name).from === "flag",
  );
  const remedy = isFromFlag ? `use --listen ${own}` : `set listen = "${own}" in [server]`;
  return [`Other machines can reach the gateway at ${http}. To accept requests from this machine only, ${remedy}.`];
}
