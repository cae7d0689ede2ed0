/** The properties of a connection on which its requests depend. */
export interface ConnectionInfo {
  /** The scheme that the visitor uses: `https` also where a proxy in front ends TLS. */
  readonly proto: "http" | "https";
  /** The name in the TLS handshake: a request on the connection may name no other host. */
  readonly serverName?: string | undefined;
}
