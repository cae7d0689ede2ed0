import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { tlsOptions, type ClientTls } from "../tls/client-tls.js";
import type { DialOptions } from "./dial.js";

/**
 * TLS through `socket`, which may be TLS already, with `host`.
 * @throws what the handshake has said; what `signal` was aborted with. `socket` is destroyed then.
 */
export async function secured(
  socket: Socket,
  host: string,
  trust: ClientTls,
  signal: AbortSignal,
  options: Pick<DialOptions, "highWaterMark"> = {},
): Promise<Socket> {
  const secure = connectTls({ ...options, ...tlsOptions(host, trust), socket });
  secure.on("error", () => {});
  try {
    await once(secure, "secureConnect", { signal });
    // It may have failed before we were told of its success.
    if (secure.errored) throw secure.errored;
    return secure;
  } catch (error) {
    secure.destroy();
    socket.destroy();
    throw error;
  }
}
