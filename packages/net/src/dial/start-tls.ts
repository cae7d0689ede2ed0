import { once } from "node:events";
import type { Socket } from "node:net";
import { tlsOptions, type ClientTls } from "../tls/client-tls.js";
import type { DialOptions } from "./dial.js";
import { connectTls } from "./tls-socket.js";

/**
 * Starts TLS with `host` on a connected socket, which may use TLS itself.
 * @throws Error of the handshake; the reason of `signal`. `socket` is destroyed then.
 */
export async function startTls(
  socket: Socket,
  host: string,
  trust: ClientTls,
  signal: AbortSignal,
  options: Pick<DialOptions, "highWaterMark"> = {},
): Promise<Socket> {
  const secure = connectTls({ ...options, ...tlsOptions(host, trust), socket });
  try {
    await once(secure, "secureConnect", { signal });
    // An error may occur between the event and this line.
    if (secure.errored) throw secure.errored;
    return secure;
  } catch (error) {
    secure.destroy();
    socket.destroy();
    throw error;
  }
}
