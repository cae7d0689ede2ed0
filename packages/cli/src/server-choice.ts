import { parseServerAddress } from "@postern/client";
import { CliError } from "./errors.js";

const FIX = [
  "Say which one:   postern http 3000 --server https://tunnel.example.com",
  "Or set it once:  export POSTERN_SERVER_URL=https://tunnel.example.com",
].join("\n");

/** Where to connect to, and whether others on the way could read along. */
export interface ServerChoice {
  url: string;
  exposed: boolean;
}

/** Checks the server's address. Throws PN_SERVER_MISSING and PN_SERVER_INVALID. */
export function serverChoice(text: string | undefined): ServerChoice {
  if (text === undefined || text.trim() === "") throw new CliError("PN_SERVER_MISSING", "No server is given.", FIX);
  try {
    const { protocol, hostname } = parseServerAddress(text);
    return { url: text.trim(), exposed: protocol === "ws:" && !isLoopback(hostname) };
  } catch (error) {
    throw new CliError("PN_SERVER_INVALID", error instanceof Error ? error.message : String(error), FIX);
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname) || /(^|\.)localhost\.?$/.test(hostname);
}
