import type { Server as Listener, Socket } from "node:net";

/**
 * The high-water mark of a socket's writes, in bytes. It is small, so that `drain` follows soon after a write that the
 * kernel did not accept completely.
 */
const WRITE_BUFFER = 4 * 1024;
/** Default: after this many milliseconds without data, the kernel probes whether the other end is still connected. */
export const PROBE_AFTER = 60_000;

/** The options with which node:net creates the sockets of accepted connections. */
export const ACCEPTED_SOCKET = { allowHalfOpen: true, highWaterMark: WRITE_BUFFER } as const;

/** The undocumented handle of a listener. It has the same methods as that of a socket. */
interface Handle {
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, seconds: number): number;
}

/**
 * Sets the options of an accepted connection in the kernel: five system calls.
 * @param probeAfter milliseconds without data until the kernel probes the other end; 0: never
 */
export function setOptions(socket: Socket, probeAfter: number): void {
  socket.setNoDelay(true);
  if (probeAfter > 0) socket.setKeepAlive(true, probeAfter);
}

/**
 * Sets these options on the socket that listens. Linux copies them to each socket that it accepts there.
 * @returns false if that is impossible: on another system, or if this version of Node.js lacks the means.
 */
export function inheritOptions(listener: Listener, probeAfter: number): boolean {
  const { _handle: handle } = listener as unknown as { _handle?: Handle | null };
  if (process.platform !== "linux" || handle?.setNoDelay?.(true) !== 0) return false;
  return probeAfter === 0 || handle.setKeepAlive?.(true, Math.max(1, Math.floor(probeAfter / 1_000))) === 0;
}
