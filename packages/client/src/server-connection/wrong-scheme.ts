import type { IncomingHttpHeaders } from "node:http";
import { authorityOf, bareHost } from "@postern/net";
import { dialServer, isTlsUrl, type ServerDial } from "./server-dial.js";

/** How long the check for TLS may take, in milliseconds. */
const TLS_CHECK = 3_000;

/** The advice when a response shows that the server expects https://; undefined when it shows something else. */
export function responseFault(address: URL, status: number, headers: IncomingHttpHeaders): string | undefined {
  if (isTlsUrl(address)) return undefined;
  if (headers["postern-error"] === "PN_HTTP_PLAIN") return secureServerFault(address);
  const target = status >= 300 && status < 400 ? URL.parse(headers.location ?? "") : null;
  // A redirect to another host says nothing about this one.
  if (target?.protocol !== "https:" || target.hostname !== address.hostname) return undefined;
  return `${address.host} redirects to HTTPS; use https://${target.host} as the server's address`;
}

/**
 * The advice when a server that is dialled without TLS uses TLS; undefined when it does not, or when that cannot be
 * found out. Opens one connection, and verifies and sends nothing.
 */
export async function tlsServerFault({ signal, ...dial }: CheckedDial): Promise<string | undefined> {
  if (isTlsUrl(dial.address)) return undefined;
  try {
    const address = new URL(secureAddress(dial.address));
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TLS_CHECK)]);
    (await dialServer({ ...dial, address, tls: { verify: false }, signal: deadline })).destroy();
    return secureServerFault(dial.address);
  } catch {
    return undefined;
  }
}

/** Whether an attempt may have ended this way because the server uses TLS. @param cause the error, or the status. */
export function mayUseTls(cause: NodeJS.ErrnoException | number): boolean {
  if (typeof cause === "number") return cause === 400;
  // The server closed the connection without a response, or sent a TLS alert instead of one.
  return cause.code === "ECONNRESET" || String(cause.code).startsWith("HPE_");
}

type CheckedDial = Pick<ServerDial, "address" | "proxy" | "lookup" | "signal">;

function secureServerFault(address: URL): string {
  return `${address.host} uses TLS; use ${secureAddress(address)} as the server's address`;
}

function secureAddress(address: URL): string {
  return `https://${authorityOf(bareHost(address), Number(address.port || 80))}`;
}
