import { TrustedProxies } from "@postern/gateway";
import { CliError } from "./errors.js";

/** The addresses and networks in a list separated by commas. Throws PN_PROXY_INVALID. */
export function parseTrustedProxies(list: string): string[] {
  const addresses = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  try {
    new TrustedProxies(addresses);
  } catch (error) {
    throw new CliError("PN_PROXY_INVALID", (error as RangeError).message, "Separate several by commas.");
  }
  return addresses;
}
