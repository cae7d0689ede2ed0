import type { Socket, SocketConstructorOpts } from "node:net";
import { firstToConnect, type Outcome, type Standing } from "./address-race.js";
import { authorityOf, dialFault } from "./dial-fault.js";
import { hostAddresses, type Lookup } from "./host-addresses.js";
import { TcpSocket } from "./tcp-socket.js";

export interface TcpDial {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
  /** Ends it, whatever it is at. */
  signal: AbortSignal;
  /** Default: as the system does. */
  lookup?: Lookup | undefined;
  /** An attempt at one of the addresses began, or failed. */
  onChange?: (standings: readonly Standing[]) => void;
}

/** Nobody reads more of them. */
const MOST_TOLD = 8;

/**
 * A TCP connection to whichever address of `host` answers first.
 * @param options as node:net takes them.
 * @throws RaceLost when none does; Error of node:dns when there is none; what `signal` was aborted with.
 */
export async function connectTcp(dial: TcpDial, options: SocketConstructorOpts = {}): Promise<Socket> {
  const { host, port, signal, lookup, onChange = () => {} } = dial;
  // A resolver cannot be called off; what it says too late is dropped.
  const addresses = await Promise.race([hostAddresses(host, lookup), aborted(signal)]);
  if (addresses.length === 0) throw Object.assign(new Error("no address"), { code: "ENODATA" });
  return firstToConnect<Socket>({
    addresses,
    start: (address, outcome) => connectTo(address, port, options, outcome),
    setTimer(task, milliseconds) {
      const timer = setTimeout(task, milliseconds);
      return () => clearTimeout(timer);
    },
    signal,
    onChange,
  });
}

function connectTo(
  address: string,
  port: number,
  options: SocketConstructorOpts,
  { won, lost }: Outcome<Socket>,
): () => void {
  // The constructor alone heeds it; without it a small answer waits for the acknowledgement of what went before.
  const socket = new TcpSocket({ ...options, noDelay: true });
  // Whoever takes the socket over listens for errors of its own.
  socket.on("error", lost).once("connect", () => won(socket));
  socket.connect({ host: address, port });
  return () => void socket.destroy();
}

/** What each address said; nothing yet is nothing in time, when it is told. */
export function standingsText(standings: readonly Standing[], port: number): string {
  const told = standings
    .slice(0, MOST_TOLD)
    .map(
      ([address, loss]) =>
        `${authorityOf(address, port)}: ${loss === undefined ? "no answer" : dialFault(loss as NodeJS.ErrnoException)}`,
    );
  const more = standings.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** Rejects when `signal` aborts. Nobody needs to wait for it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = (): void => reject(signal.reason as Error);
    if (signal.aborted) return tell();
    signal.addEventListener("abort", tell, { once: true });
  });
}
