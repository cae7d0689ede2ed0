import type { LookupFunction, OnReadOpts, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { tlsOptions } from "../tls/client-tls.js";
import { isLoopbackName, LOOPBACK_ADDRESSES } from "./host-addresses.js";
import { TcpSocket } from "./tcp-socket.js";

/** Where to connect to. */
export interface DialAddress {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
  /** With TLS the certificate is verified against `host`. */
  tls: boolean;
}

/** What a socket is asked for besides: node:net says what each means. */
export interface DialOptions {
  allowHalfOpen?: boolean;
  highWaterMark?: number;
  onread?: OnReadOpts;
}

/** Opens a connection to a local service, with or without TLS. The way to the server is longer: dialServer. */
export function dial({ host, port, tls }: DialAddress, options: DialOptions = {}): Socket {
  const loopback = isLoopbackName(host) ? LOOPBACK : {};
  const all = { ...options, host, port, noDelay: true, ...loopback };
  if (!tls) return new TcpSocket(all).connect(all);
  return connectTls({ ...all, ...tlsOptions(host, {}) });
}

/** The host of a URL as sockets take it: IPv6 addresses without their brackets. */
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

/** A refusal comes at once there; who is silent is busy, here or there, and has the time that the whole dial has. */
const LOOPBACK = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 10_000, lookup: lookupLoopback };
