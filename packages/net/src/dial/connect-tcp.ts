import type { Socket, SocketConstructorOpts } from "node:net";
import { firstToConnect, type Outcome, type AddressAttempt } from "./address-race.js";
import { authorityOf, dialFault } from "./dial-fault.js";
import { hostAddresses, type Lookup } from "./host-addresses.js";
import { TcpSocket } from "../socket/tcp-socket.js";

export interface TcpDial {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
  /** Aborts the dial at any step. */
  signal: AbortSignal;
  /** Default: the system's resolver. */
  lookup?: Lookup | undefined;
  /** An attempt to connect to one of the addresses began or failed. */
  onChange?: (attempts: readonly AddressAttempt[]) => void;
}

/** The number of addresses that a message lists. */
const MAX_LISTED = 8;

/**
 * Opens a TCP connection to the address of `host` that answers first.
 * @param options of node:net.
 * @throws RaceLost when all addresses fail; Error of node:dns when there is none; the reason of `signal`.
 */
export async function connectTcp(dial: TcpDial, options: SocketConstructorOpts = {}): Promise<Socket> {
  const { host, port, signal, lookup, onChange = () => {} } = dial;
  // A lookup cannot be aborted. A late result is discarded.
  const addresses = await Promise.race([hostAddresses(host, lookup), aborted(signal)]);
  if (addresses.length === 0) throw Object.assign(new Error("no address"), { code: "ENODATA" });
  // Only the constructor accepts noDelay. Without it, a small write waits for the acknowledgement of the previous one.
  const all = { ...options, noDelay: true };
  return firstToConnect<Socket>({
    addresses,
    start: (address, outcome) => connectTo({ host: address, port }, new TcpSocket(all), outcome),
    setTimer(task, milliseconds) {
      const timer = setTimeout(task, milliseconds);
      return () => clearTimeout(timer);
    },
    signal,
    onChange,
  });
}

function connectTo(to: { host: string; port: number }, socket: Socket, { won, lost }: Outcome<Socket>): () => void {
  // This listener stays on the socket; the caller adds its own.
  socket.on("error", lost).once("connect", () => won(socket));
  socket.connect(to);
  return () => void socket.destroy();
}

/**
 * The error of each address, for a message; a pending attempt counts as timed out.
 * @param port default: none is named
 */
export function attemptsText(attempts: readonly AddressAttempt[], port?: number): string {
  const listed = attempts
    .slice(0, MAX_LISTED)
    .map(
      ([address, loss]) =>
        `${port === undefined ? address : authorityOf(address, port)}: ${loss === undefined ? "timed out" : dialFault(loss as NodeJS.ErrnoException)}`,
    );
  const more = attempts.length - listed.length;
  return [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** Rejects with the reason of `signal` when it aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
  });
}
