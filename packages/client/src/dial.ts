import { isIP, type LookupFunction, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
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

/** Opens a connection, with or without TLS. */
export function dial(address: DialAddress, options: DialOptions = {}): Socket {
  const { host, port, tls } = address;
  const loopback = isLoopbackName(host) ? { autoSelectFamily: true, lookup: lookupLoopback } : {};
  const all = { ...options, host, port, noDelay: true, ...loopback };
  if (!tls) return new TcpSocket(all).connect(all);
  return connectTls({ ...all, servername: isIP(host) > 0 ? "" : host, ALPNProtocols: ["http/1.1"] });
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
