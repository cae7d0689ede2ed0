import type { LookupFunction, Socket } from "node:net";
import { tlsOptions, type ClientTls } from "../tls/client-tls.js";
import { isLoopbackName, LOOPBACK_ADDRESSES } from "./host-addresses.js";
import { TcpSocket } from "../socket/tcp-socket.js";
import { connectTls } from "./tls-socket.js";

/** The address of a service. */
export interface DialAddress {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
  /** Use TLS, and verify the certificate for `host`. */
  tls: boolean;
  /** How to verify the certificate. Default: by the CAs that Node trusts. */
  trust?: ClientTls;
}

/** Socket options, as in node:net. */
export interface DialOptions {
  allowHalfOpen?: boolean;
  highWaterMark?: number;
}

/** Opens a connection to a local service, with or without TLS. */
export function dial({ host, port, tls, trust = {} }: DialAddress, options: DialOptions = {}): Socket {
  const loopback = isLoopbackName(host) ? LOOPBACK : {};
  const all = { ...options, host, port, noDelay: true, ...loopback };
  if (!tls) return new TcpSocket(all).connect(all);
  return connectTls({ ...all, ...tlsOptions(host, trust) });
}

/** The host of a URL, without brackets around an IPv6 address. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

const lookupLoopback: LookupFunction = (_host, options, done) => {
  const [first, second] = LOOPBACK_ADDRESSES;
  if (options.all === true) {
    done(null, [
      { address: first, family: 4 },
      { address: second, family: 6 },
    ]);
  } else done(null, first, 4);
};

/**
 * On loopback, a closed port refuses at once. A service that does not answer is busy, so the next address is not tried.
 */
const LOOPBACK = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 10_000, lookup: lookupLoopback };
