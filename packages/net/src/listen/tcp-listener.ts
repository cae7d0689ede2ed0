import { createServer, type Server as Listener, type Socket } from "node:net";
import { QUIET_TURN } from "./quiet-turn.js";
import { ACCEPTED_SOCKET, inheritOptions, PROBE_AFTER, setOptions } from "./socket-options.js";

/**
 * A listener for TCP connections, with the socket options of accepted connections.
 * @param probeAfter milliseconds without data until the kernel probes the other end; 0: never
 */
export function tcpListener(onConnection: (socket: Socket) => void, probeAfter = PROBE_AFTER): Listener {
  let isInherited = false;
  const listener = createServer(ACCEPTED_SOCKET, (socket) => {
    QUIET_TURN.onAccepted();
    if (!isInherited) setOptions(socket, probeAfter);
    onConnection(socket);
  });
  return listener.on("listening", () => (isInherited = inheritOptions(listener, probeAfter)));
}
