/**
 * `drain` follows when more than this many bytes were waiting. The number is small, so that `drain` follows soon after
 * the kernel has taken everything.
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
