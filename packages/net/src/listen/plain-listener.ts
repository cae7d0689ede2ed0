import { createServer, type Server as Listener, type Socket } from "node:net";
import { socketOptions } from "./socket-options.js";

/** A listener without TLS. `probeAfter`: see `socketOptions`. */
export function plainListener(onConnection: (socket: Socket) => void, probeAfter: number): Listener {
  return createServer(socketOptions(probeAfter), onConnection);
}
