import { proxyFor } from "@postern/client";
import type { Configuration } from "@postern/config";
import { CliError } from "../errors.js";

/** Returns the proxy for an address, as an option of `connect`. Throws PN_CONFIG_INVALID. */
export type ProxyChoice = (address: string) => { proxy?: string };

const FIX = 'Correct it, or set POSTERN_PROXY=none (or proxy = "none" in [tunnel]) to use no proxy.';

/** @param configured the option `proxy`; undefined: HTTPS_PROXY and the like apply. */
export function proxyChoice(configured: Configuration["tunnel"]["proxy"], env: NodeJS.ProcessEnv): ProxyChoice {
  return (address) => {
    if (configured === "none") return {};
    const proxy = configured ?? fromEnvironment(address, env);
    return proxy === undefined ? {} : { proxy };
  };
}

function fromEnvironment(address: string, env: NodeJS.ProcessEnv): string | undefined {
  try {
    return proxyFor(address, env);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError("PN_CONFIG_INVALID", error.message, FIX);
  }
}
