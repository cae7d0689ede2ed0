import type { RequestedCertificate } from "../middleware/step.js";

/** The properties of a connection on which its requests depend. */
export interface ConnectionInfo {
  /** The scheme that the visitor uses. It is `https` even if a proxy in front of the server terminates TLS. */
  readonly proto: "http" | "https";
  /** The server name in the TLS handshake. Requests on the connection may not name another host. */
  readonly serverName?: string | undefined;
  /** Undefined: the TLS handshake, if there was one, requested no certificate. */
  readonly certificate?: RequestedCertificate | undefined;
  /** Whether the listener requires TLS and the connection does not use it. Default false. */
  readonly lacksTls?: boolean;
}
