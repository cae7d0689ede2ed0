import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** Whether a socket uses TLS. `instanceof` would load node:tls in every process. */
export function isTls(socket: Socket): socket is TLSSocket {
  return (socket as Partial<TLSSocket>).encrypted === true;
}
