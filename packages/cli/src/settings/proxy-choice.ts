import { proxyFor } from "@postern/client";
import type { Configuration } from "@postern/config";
import { CliError } from "../errors.js";

/** Says which proxy an address is reached through, as `connect` takes it. Throws PN_CONFIG_INVALID. */
export type ProxyChoice = (address: string) => { proxy?: string };

const FIX = "Correct it, or set POSTERN_PROXY=none (or proxy in [tunnel]) to do without.";

/** @param wished what the configuration says; undefined: what others read from the environment counts. */
export function proxyChoice(wished: Configuration["tunnel"]["proxy"], env: NodeJS.ProcessEnv): ProxyChoice {
  return (address) => {
    if (wished === "none") return {};
    const proxy = wished ?? fromEnvironment(address, env);
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
