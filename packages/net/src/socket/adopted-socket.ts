import type { Server, Socket, SocketConstructorOpts } from "node:net";
import { DirectSocket } from "./direct-socket.js";

/** The undocumented parts of a socket that node:net has accepted. Node's own modules pass handles on in this way. */
interface Accepted {
  _handle?: { useUserBuffer?: unknown } | null;
  _server?: Server | null;
}

let isPossible = true;

/**
 * Makes a DirectSocket of a socket that a server has just accepted, because node:net cannot be told to accept one. The
 * server counts it in place of `accepted`, which must not be used afterwards. If this version of Node.js lacks the
 * means, `accepted` itself is returned.
 * @param options those of the server for its sockets
 */
export function adopted(accepted: Socket, options: SocketConstructorOpts): Socket {
  const old = accepted as unknown as Accepted;
  const handle = old._handle;
  if (!isPossible || typeof handle?.useUserBuffer !== "function") return accepted;
  const socket = new DirectSocket({ ...options, handle } as SocketConstructorOpts);
  (socket as unknown as Accepted)._server = old._server ?? null;
  old._handle = null;
  old._server = null;
  return socket;
}

/** From now on `adopted` returns the sockets of node:net: for tests of a version of Node.js that lacks the means. */
export function adoptNothing(): void {
  isPossible = false;
}
