import { createServer, type Server as Listener, type Socket } from "node:net";
import { SOCKET_OPTIONS } from "./socket-options.js";

/** A listener without TLS. */
export function plainListener(onConnection: (socket: Socket) => void): Listener {
  return createServer(SOCKET_OPTIONS, onConnection);
}
