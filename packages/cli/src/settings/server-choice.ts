import { parseServerAddress } from "@postern/client/command";
import { CliError } from "../errors.js";

const FIX = [
  "Say which one:   postern http 3000 --server https://tunnel.example.com",
  "Or set it once:  export POSTERN_SERVER_URL=https://tunnel.example.com",
  "Or write it into postern.toml, as server_url of the first [[tunnel.endpoints]].",
].join("\n");

/** The server that was chosen. Throws PN_SERVER_MISSING when none was. */
export function serverChoice(...choices: (string | undefined)[]): string {
  const chosen = choices.find((choice) => choice !== undefined);
  if (chosen === undefined) throw new CliError("PN_SERVER_MISSING", "No server is given.", FIX);
  return chosen;
}

/** A warning when others on the way to `server` could read along. */
export function exposure(server: string): string | undefined {
  const { protocol, hostname } = parseServerAddress(server);
  if (protocol !== "ws:" || isLoopback(hostname)) return undefined;
  return `The way to ${server} is not encrypted: others on it can read the credentials. Use https:// if you can.`;
}

function isLoopback(hostname: string): boolean {
  return hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname) || /(^|\.)localhost\.?$/.test(hostname);
}
