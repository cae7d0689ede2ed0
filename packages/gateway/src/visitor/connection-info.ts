/** How a connection came to us, as far as its requests depend on it. */
export interface Arrival {
  /** By which scheme visitors reach it: `https` also when a TLS proxy stands before it. */
  readonly proto: "http" | "https";
  /** The name that was asked for in the TLS handshake: no request on the connection may name another host. */
  readonly serverName?: string | undefined;
}
