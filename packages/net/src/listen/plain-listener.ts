import { createServer, type Server as Listener, type Socket } from "node:net";
import { adopted } from "../socket/adopted-socket.js";
import { SOCKET_OPTIONS } from "./socket-options.js";

/** A listener without TLS. */
export function plainListener(onConnection: (socket: Socket) => void): Listener {
  return createServer(SOCKET_OPTIONS, (socket) => onConnection(adopted(socket, SOCKET_OPTIONS)));
}
