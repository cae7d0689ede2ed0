import type { Socket } from "node:net";
import { readSocket, type Receive } from "./socket-reader.js";

/** The part of a TLS handle that leads to the TCP handle below it. Undocumented: node:net uses it for its timeouts. */
interface TlsHandle {
  _parent?: { writeQueueSize?: number };
}

/** How a session's transport uses its socket, beyond what the stream offers. */
export interface TunnelSocket {
  /** Passes everything that the socket reads to `receive`. Other sockets may send the bytes without copying them. */
  read: (receive: Receive) => void;
  /**
   * Whether the kernel has taken the write that node:tls reports as sent in a later turn only: nothing waits in the TCP
   * socket below. Always false without TLS.
   */
  hasSent: () => boolean;
}

export function tunnelSocket(socket: Socket): TunnelSocket {
  return {
    read: (receive) => void readSocket(socket, receive, { mayLend: true }),
    hasSent: () => (socket as unknown as { _handle: TlsHandle | null })._handle?._parent?.writeQueueSize === 0,
  };
}
