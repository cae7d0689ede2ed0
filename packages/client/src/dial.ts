import { isIP, type LookupFunction, type OnReadOpts, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls } from "node:tls";
import type { ClientTls } from "./client-tls.js";
import { TcpSocket } from "./tcp-socket.js";

/** Where to connect to. */
export interface DialAddress {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
  /** With TLS the certificate is verified against `host`, unless DialOptions say otherwise. */
  tls: boolean;
}

/** What a socket is asked for besides: node:net says what each means. */
export interface DialOptions {
  allowHalfOpen?: boolean;
  highWaterMark?: number;
  onread?: OnReadOpts;
  trust?: ClientTls;
}

/** Opens a connection, with or without TLS. */
export function dial(address: DialAddress, { trust = {}, ...options }: DialOptions = {}): Socket {
  const { host, port, tls } = address;
  const loopback = isLoopbackName(host) ? LOOPBACK : {};
  const all = { ...options, host, port, noDelay: true, ...loopback };
  if (!tls) return new TcpSocket(all).connect(all);
  const { verify = true, ca, crl, cert, key, serverName = host, alpnProtocols } = trust;
  const isAddress = isIP(serverName) > 0;
  return connectTls({
    ...all,
    servername: isAddress ? "" : serverName,
    // Else the certificate would be checked against the host that is dialled.
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
    rejectUnauthorized: verify,
    ALPNProtocols: alpnProtocols === undefined || alpnProtocols.length === 0 ? ["http/1.1"] : alpnProtocols,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}

/** The host of a URL as sockets take it: IPv6 addresses without their brackets. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** Names below localhost are this machine: Node's resolver does not know them (RFC 6761, section 6.3). */
export function isLoopbackName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

/** Answers every name with the two loopback addresses, in the order in which they are tried. */
const lookupLoopback: LookupFunction = (_host, options, done) => {
  if (options.all === true) {
    done(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ]);
  } else done(null, "127.0.0.1", 4);
};

/** A refusal comes at once there; who is silent is busy, here or there, and has the time that the whole dial has. */
const LOOPBACK = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 10_000, lookup: lookupLoopback };
