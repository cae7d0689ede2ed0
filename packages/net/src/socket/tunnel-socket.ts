import type { Socket } from "node:net";
import { isTls } from "../tls/is-tls.js";
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
   * With TLS: whether the kernel has taken the write that node:tls reports as sent in a later turn only. Nothing waits
   * in the TCP socket below then.
   */
  hasSent?: () => boolean;
}

export function tunnelSocket(socket: Socket): TunnelSocket {
  const read = (receive: Receive): void => void readSocket(socket, receive, { mayLend: true });
  if (!isTls(socket)) return { read };
  const fields = socket as unknown as { _handle: TlsHandle | null };
  return { read, hasSent: () => fields._handle?._parent?.writeQueueSize === 0 };
}
