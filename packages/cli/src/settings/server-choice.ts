import { parseServerAddress } from "@postern/client/command";
import { CliError } from "../errors.js";

const FIX = [
  "On the command line:  postern http 3000 --server https://tunnel.example.com",
  "In the environment:   export POSTERN_SERVER_URL=https://tunnel.example.com",
  "In postern.toml:      server_url in the first [[tunnel.endpoints]]",
].join("\n");

/** The first server that is defined. Throws PN_SERVER_MISSING when there is none. */
export function serverChoice(...choices: (string | undefined)[]): string {
  const chosen = choices.find((choice) => choice !== undefined);
  if (chosen === undefined) throw new CliError("PN_SERVER_MISSING", "No server is given.", FIX);
  return chosen;
}

/** A warning if the connection to `server` is not encrypted and leaves this machine. */
export function exposure(server: string): string | undefined {
  const { protocol, hostname } = parseServerAddress(server);
  if (protocol !== "ws:" || isLoopback(hostname)) return undefined;
  return `The connection to ${server} is not encrypted: others on the network can read the credentials. Use https:// if the server supports it.`;
}

function isLoopback(hostname: string): boolean {
  return hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname) || /(^|\.)localhost\.?$/.test(hostname);
}
