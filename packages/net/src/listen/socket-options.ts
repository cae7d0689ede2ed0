import type { Server as Listener, Socket } from "node:net";

/**
 * The high-water mark of a socket's writes, in bytes. It is small, so that `drain` follows soon after a write that the
 * kernel did not accept completely.
 */
const WRITE_BUFFER = 4 * 1024;
/** After this many seconds without data, the kernel probes whether the other end is still connected. */
const PROBE_AFTER = 60;

/** The options with which node:net creates the sockets of accepted connections. */
export const ACCEPTED_SOCKET = { allowHalfOpen: true, highWaterMark: WRITE_BUFFER } as const;

/** The undocumented handle of a listener. It has the same methods as that of a socket. */
interface Handle {
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, seconds: number): number;
}

/** Sets the options of an accepted connection in the kernel: five system calls. */
export function setOptions(socket: Socket): void {
  socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER * 1_000);
}

/**
 * Sets these options on the socket that listens. Linux copies them to each socket that it accepts there.
 * @returns false if that is impossible: on another system, or if this version of Node.js lacks the means.
 */
export function inheritOptions(listener: Listener): boolean {
  const { _handle: handle } = listener as unknown as { _handle?: Handle | null };
  if (process.platform !== "linux") return false;
  return handle?.setNoDelay?.(true) === 0 && handle.setKeepAlive?.(true, PROBE_AFTER) === 0;
}
