import { createServer, type Server as Listener, type Socket } from "node:net";
import { QUIET_TURN } from "./quiet-turn.js";
import { ACCEPTED_SOCKET, inheritOptions, setOptions } from "./socket-options.js";

/** A listener for TCP connections, with the socket options of accepted connections. */
export function tcpListener(onConnection: (socket: Socket) => void): Listener {
  let isInherited = false;
  const listener = createServer(ACCEPTED_SOCKET, (socket) => {
    QUIET_TURN.onAccepted();
    if (!isInherited) setOptions(socket);
    onConnection(socket);
  });
  return listener.on("listening", () => (isInherited = inheritOptions(listener)));
}
