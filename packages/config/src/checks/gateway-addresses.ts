import type { Configuration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";

/** The addresses, `host:port`, on which the gateway listens. */
export interface GatewayAddresses {
  readonly http: string;
  /** Undefined without HTTPS. */
  readonly https: string | undefined;
}

const DEFAULT = "127.0.0.1:8080";
/** `default_port` means all addresses, as in the older program. */
const ALL_ADDRESSES = "0.0.0.0";
/** In ascending precedence. */
const SOURCES = ["default", "file", "environment", "flag"];

/** Returns the addresses that `[server]` names. Of listen and default_port, the one with the stronger source counts. */
export function gatewayAddresses(
  { listen, default_port, ssl }: Configuration["server"],
  originOf: (path: Path) => string,
): GatewayAddresses {
  const rank = (name: string): number => SOURCES.indexOf(originOf(["server", name]));
  const byPort = default_port === undefined ? undefined : `${ALL_ADDRESSES}:${default_port}`;
  const http = (rank("default_port") > rank("listen") ? byPort : (listen ?? byPort)) ?? DEFAULT;
  return { http, https: ssl.enabled ? `${hostOf(http)}:${ssl.https_port}` : undefined };
}

export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":"));
}

/** Whether the gateway has a wildcard certificate. Its table needs no `enabled`. */
export function usesWildcard({ wildcard }: Configuration["server"]["ssl"]): boolean {
  return wildcard.enabled ?? wildcard.cert_file !== undefined;
}
