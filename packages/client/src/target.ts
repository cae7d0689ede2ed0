import type { OnReadOpts, Socket } from "node:net";
import { bareHost, dial, type DialAddress } from "./dial.js";

/** Where the local service is. */
export interface Target extends DialAddress {
  /** What its own Host field says: the port left out where it is the scheme's default. */
  authority: string;
}

/**
 * Understands a local target: a port, `host:port`, or an `http://` or `https://` origin without a path.
 * @throws TypeError that says what is allowed.
 */
export function parseTarget(text: string | number): Target {
  const given = String(text).trim();
  const url = URL.parse(withScheme(given));
  const port = url === null ? NaN : Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash;
  if (!isOrigin || url.username !== "" || port === 0) {
    throw new TypeError(
      `${JSON.stringify(given)} is not a local target. Use a port (3000), an address (127.0.0.1:3000), or an origin (https://localhost:8443).`,
    );
  }
  return { host: bareHost(url), port, tls: url.protocol === "https:", authority: url.host };
}

/** Opens a connection to `target`; what arrives goes through `onread`. Both halves close on their own. */
export function dialTarget(target: Target, onread: OnReadOpts): Socket {
  return dial(target, { allowHalfOpen: true, highWaterMark: WRITE_BUFFER, onread });
}

/** Small, so that a write the kernel did not take is soon followed by `drain`. In bytes. */
const WRITE_BUFFER = 4 * 1024;

function withScheme(text: string): string {
  if (/^\d+$/.test(text)) return `http://localhost:${text}`;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}
