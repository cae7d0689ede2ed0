import type { ServerOpts } from "node:net";

/**
 * The high-water mark of a socket's writes, in bytes. It is small, so that `drain` follows soon after a write that the
 * kernel did not accept completely.
 */
const WRITE_BUFFER = 4 * 1024;
/** Default: after this many milliseconds without data, the kernel probes whether the other end is still connected. */
export const PROBE_AFTER = 60_000;

/**
 * The options of accepted connections.
 * @param probeAfter milliseconds without data until the kernel probes the other end; 0: never
 */
export function socketOptions(probeAfter: number): ServerOpts {
  return {
    allowHalfOpen: true,
    noDelay: true,
    highWaterMark: WRITE_BUFFER,
    keepAlive: probeAfter > 0,
    keepAliveInitialDelay: probeAfter,
  };
}
