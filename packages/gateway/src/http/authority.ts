import { isIPv6 } from "node:net";

/** A host, and a port if there is one, in canonical form. */
export interface Authority {
  /** Lower case, no trailing dot; IPv6 in brackets, shortened. */
  readonly host: string;
  /** Decimal; empty when none was named. */
  readonly port: string;
  /** `host` or `host:port`. */
  readonly text: string;
}

// Host names have no underscores, but names of containers and SRV records do.
const NAME = /^([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::([0-9]{0,5}))?$/i;
const IPV6 = /^\[([0-9a-f:.]+)\](?::([0-9]{0,5}))?$/i;
/** RFC 1035 2.3.4, as text. */
const LONGEST_NAME = 253;

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port`; undefined for anything else, including text with user information.
 * An empty port (`host:`) is none (RFC 3986 3.2.3).
 */
export function parseAuthority(text: string): Authority | undefined {
  const match = NAME.exec(text) ?? IPV6.exec(text);
  if (match === null) return undefined;
  const [, name = "", digits = ""] = match;
  if (digits !== "" && (Number(digits) === 0 || Number(digits) > 65_535)) return undefined;
  const port = digits === "" ? "" : String(Number(digits));
  const host = text.startsWith("[") ? canonicalIPv6(name) : name.toLowerCase();
  if (host === "" || host.length > LONGEST_NAME) return undefined;
  return { host, port, text: port === "" ? host : `${host}:${port}` };
}

function canonicalIPv6(text: string): string {
  return isIPv6(text) ? new URL(`http://[${text}]`).hostname : "";
}
