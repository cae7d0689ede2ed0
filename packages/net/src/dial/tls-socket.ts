import type { ConnectionOptions, TLSSocket } from "node:tls";
import { builtins } from "../builtins.js";

/**
 * Starts a TLS connection. It is destroyed at a fatal error: after the handshake, node:tls only emits `error`, and the
 * connection would stay open without carrying any data.
 */
export function connectTls(options: ConnectionOptions): TLSSocket {
  const socket = builtins.tls.connect(options);
  return socket.on("error", () => socket.destroy());
}
