/**
 * The high-water mark of a socket's writes, in bytes. It is small, so that `drain` follows soon after a write that the
 * kernel did not accept completely.
 */
const WRITE_BUFFER = 4 * 1024;
/** After this many milliseconds without data, the kernel probes whether the other end is still connected. */
const PROBE_AFTER = 60_000;

/** The options of accepted connections. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  highWaterMark: WRITE_BUFFER,
  keepAlive: true,
  keepAliveInitialDelay: PROBE_AFTER,
} as const;
