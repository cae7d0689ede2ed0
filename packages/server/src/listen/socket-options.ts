/**
 * Socket buffer beyond which `drain` follows, in bytes: small, so that it follows soon after the kernel has taken
 * everything.
 */
const WRITE_BUFFER = 4 * 1024;
/** After this time of silence, in milliseconds, the kernel probes whether the other end is still there. */
const PROBE_AFTER = 60_000;

/** The options of accepted connections. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  highWaterMark: WRITE_BUFFER,
  keepAlive: true,
  keepAliveInitialDelay: PROBE_AFTER,
} as const;
