/** What is known of a connection besides its bytes, as far as its requests depend on it. */
export interface ConnectionInfo {
  /** The scheme that the visitor uses: `https` also where a proxy in front ends TLS. */
  readonly proto: "http" | "https";
  /** The name in the TLS handshake: a request on the connection may name no other host. */
  readonly serverName?: string | undefined;
}
