import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { builtins } from "../builtins.js";
import { SocketStream, type CheckForTls, type DialOutcome, type StartDial } from "../connection/socket-stream.js";
import { TcpSocket } from "../socket/tcp-socket.js";
import { tlsOptions, type ClientTls } from "../tls/client-tls.js";
import { raceAddresses, RaceLost, type AddressAttempt, type Outcome } from "./address-race.js";
import { breakCauseOf } from "./break-cause.js";
import { isLoopbackName, type Lookup } from "./host-addresses.js";
import { KnownAddresses } from "./known-addresses.js";
import { connectTls } from "./tls-socket.js";

/** Where a dialer connects to. */
export type DialerAddress =
  | {
      /** A name or an IP address, without brackets. */
      readonly host: string;
      readonly port: number;
      /** Whether to use TLS. */
      readonly tls: boolean;
    }
  | {
      /** The path of a Unix socket. */
      readonly socketPath: string;
    };

export interface DialerOptions {
  address: DialerAddress;
  /** How to verify the peer's certificate, and the client's own. Default: by the CAs that Node trusts. */
  trust?: ClientTls | undefined;
  /** Milliseconds for a connection, from the lookup of the name to the end of the TLS handshake. */
  timeout: number;
  /** Default: the system's resolver. */
  lookup?: Lookup | undefined;
  /** Calls `task` after `delay` milliseconds. Returns a function that cancels it. */
  after: (delay: number, task: () => void) => () => void;
  /** Time in milliseconds. */
  now: () => number;
  /** A connection was made. */
  onConnected: () => void;
  /** A dial failed. If there were several addresses, the error is a RaceLost with the error of each. */
  onFailed: (error: Error) => void;
}

/** How long the result of a check for TLS is used, and how long it may take, in milliseconds. */
const CHECKED = 10_000;
const CHECK_TIMEOUT = 2_000;

/** Each direction closes separately, and `drain` follows soon after a write that the kernel did not accept at once. */
const SOCKET = { allowHalfOpen: true, highWaterMark: 4 * 1024, noDelay: true };

/**
 * Opens connections to one address, for processes that open many of them. What does not change between them is prepared
 * once. IPv4 and IPv6 of one name are alternatives: all of them together are one dial.
 */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #addresses: KnownAddresses | undefined;
  readonly #tls: TlsClient | undefined;
  readonly #checkForTls: CheckForTls | undefined;

  constructor(options: DialerOptions) {
    const { address, trust = {}, lookup, now } = options;
    this.#options = options;
    if ("socketPath" in address) return;
    this.#addresses = new KnownAddresses(address.host, lookup, now);
    if (address.tls) this.#tls = new TlsClient(address.host, trust);
    else this.#checkForTls = new TlsCheck(options, this.#addresses, address.host).check;
  }

  /** Opens a connection, and returns it at once. */
  dial(): SocketStream {
    const start: StartDial = (outcome) => new Dial(this.#options, this.#addresses, this.#tls, outcome).abort;
    return new SocketStream(start, this.#checkForTls);
  }
}

/** Checks whether a plain address expects TLS. Concurrent and frequent calls share one check. */
class TlsCheck {
  readonly #options: DialerOptions;
  readonly #addresses: KnownAddresses;
  readonly #host: string;
  #checkedAt = -Infinity;
  #expectsTls = false;
  #waiting: ((expectsTls: boolean) => void)[] | undefined;

  constructor(options: DialerOptions, addresses: KnownAddresses, host: string) {
    const nobody = { onConnected: (): void => {}, onFailed: (): void => {} };
    this.#options = { ...options, ...nobody, timeout: Math.min(options.timeout, CHECK_TIMEOUT) };
    this.#addresses = addresses;
    this.#host = host;
    const { onFailed } = options;
    this.#onFound = () => onFailed(new Error("this port expects TLS: use an https:// address"));
  }

  readonly #onFound: () => void;

  readonly check: CheckForTls = (report) => {
    if (this.#waiting !== undefined) return void this.#waiting.push(report);
    if (this.#options.now() - this.#checkedAt < CHECKED) {
      if (this.#expectsTls) this.#onFound();
      return queueMicrotask(() => report(this.#expectsTls));
    }
    this.#waiting = [report];
    new Dial(this.#options, this.#addresses, new TlsClient(this.#host, { verify: false }), {
      connected: (socket) => {
        socket.destroy();
        this.#finish(true);
      },
      failed: () => this.#finish(false),
    });
  };

  #finish(expectsTls: boolean): void {
    this.#expectsTls = expectsTls;
    this.#checkedAt = this.#options.now();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (expectsTls) this.#onFound();
    for (const report of waiting) report(expectsTls);
  }
}

/** The TLS side of a dialer: its options, and the session of its last handshake, which makes the next one short. */
class TlsClient {
  readonly #options: ConnectionOptions;
  #session: Buffer | undefined;

  constructor(host: string, trust: ClientTls) {
    const options = tlsOptions(host, trust);
    this.#options = { ...options, secureContext: builtins.tls.createSecureContext(options) };
  }

  start(socket: Socket): TLSSocket {
    const session = this.#session === undefined ? {} : { session: this.#session };
    const secure = connectTls({ ...this.#options, ...session, ...SOCKET, socket });
    return secure.on("session", (latest: Buffer) => (this.#session = latest));
  }

  /** A session may be the reason why a handshake failed. */
  forget(): void {
    this.#session = undefined;
  }
}

/** One dial: the lookup, the race of the addresses, and the TLS handshake on the connection that wins. */
class Dial {
  readonly #options: DialerOptions;
  readonly #addresses: KnownAddresses | undefined;
  readonly #tls: TlsClient | undefined;
  readonly #outcome: DialOutcome;
  readonly #cancelTimeout: () => void;
  /** Aborts the step in progress. */
  #abortStep = (): void => {};
  #attempts: readonly AddressAttempt[] = [];
  #isOver = false;

  constructor(
    options: DialerOptions,
    addresses: KnownAddresses | undefined,
    tls: TlsClient | undefined,
    outcome: DialOutcome,
  ) {
    this.#options = options;
    this.#addresses = addresses;
    this.#tls = tls;
    this.#outcome = outcome;
    this.#cancelTimeout = options.after(options.timeout, () => this.#timeOut());
    const { address } = options;
    if (!("socketPath" in address)) addresses?.get((found) => this.#race(found, address));
    else this.#abortStep = connectTo({ path: address.socketPath }, this.#steps);
  }

  readonly abort = (): void => {
    if (this.#finish()) this.#abortStep();
  };

  #race(found: readonly string[] | Error, { host, port }: { host: string; port: number }): void {
    if (this.#isOver) return;
    if (found instanceof Error) return this.#fail(found);
    const [only] = found;
    if (found.length === 1 && only !== undefined) {
      this.#abortStep = connectTo({ host: only, port }, this.#steps);
      return;
    }
    this.#abortStep = raceAddresses<Socket>(
      {
        addresses: found,
        start: (address, { won, lost }) =>
          connectTo(
            { host: address, port },
            {
              won: (socket) => {
                this.#addresses?.prefer(address);
                won(socket);
              },
              lost,
            },
          ),
        // On loopback, a closed port refuses at once. A service that does not answer is busy.
        setTimer: (task, delay) => (isLoopbackName(host) ? NEVER : this.#options.after(delay, task)),
        onChange: (attempts) => (this.#attempts = attempts),
      },
      this.#steps,
    );
  }

  /** The result of the TCP connection. */
  readonly #steps: Outcome<Socket> = {
    won: (socket) => {
      if (this.#isOver) return void socket.destroy();
      if (this.#tls === undefined) return this.#succeed(socket);
      const secure = this.#tls.start(socket);
      this.#abortStep = () => {
        secure.destroy();
        socket.destroy();
      };
      secure.on("error", (error) => this.#fail(error)).once("close", () => this.#fail(closed()));
      secure.once("secureConnect", () => {
        // An error may have occurred in the same turn.
        if (!secure.errored) this.#succeed(secure);
      });
    },
    lost: (error) => this.#fail(error),
  };

  #succeed(socket: Socket): void {
    if (!this.#finish()) return void socket.destroy();
    this.#options.onConnected();
    this.#outcome.connected(socket);
  }

  #fail(error: Error): void {
    if (!this.#finish()) return;
    this.#abortStep();
    this.#tls?.forget();
    this.#addresses?.distrust();
    this.#options.onFailed(error);
    this.#outcome.failed(breakCauseOf(error));
  }

  #timeOut(): void {
    const hasLost = this.#attempts.length > 1;
    this.#fail(hasLost ? new RaceLost(this.#attempts) : Object.assign(new Error("timed out"), { code: "ETIMEDOUT" }));
  }

  /** @returns false if the dial is over already. */
  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#cancelTimeout();
    return true;
  }
}

function connectTo(to: { host: string; port: number } | { path: string }, { won, lost }: Outcome<Socket>): () => void {
  const socket = new TcpSocket(SOCKET);
  // This listener stays on the socket.
  socket.on("error", lost).once("connect", () => won(socket));
  socket.connect(to);
  return () => void socket.destroy();
}

/** Cancels nothing. */
const NEVER = (): void => {};

function closed(): Error {
  return Object.assign(new Error("the connection was closed during the TLS handshake"), { code: "ECONNRESET" });
}
