import type { Socket } from "node:net";
import type { BreakCause, ByteStream, ByteStreamHandler } from "./byte-stream.js";
import type { ConnectionHandler } from "./connection.js";
import { HeldBytes } from "./held-bytes.js";
import { SocketConnection } from "./socket-connection.js";

/** Bytes without credit at which the socket is no longer read, and the number at which it is read again. */
const WINDOW = 64 * 1024;
const RESUMED = WINDOW / 2;
/** Bytes that wait to be sent at which the writer is to wait, too. */
const MOST_UNSENT = 16 * 1024;

const NOBODY: ByteStreamHandler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** Receives the result of a dial, in a later turn of the event loop than the one in which it began. */
export interface DialOutcome {
  /** The socket can be written to: TLS has been started on it if that was requested. */
  connected(socket: Socket): void;
  failed(cause: BreakCause): void;
}

/** Finds out whether the peer expects TLS, and reports the result in a later turn of the event loop. */
export type CheckForTls = (report: (expectsTls: boolean) => void) => void;

/** Begins a dial. Returns a function that aborts it. */
export type StartDial = (outcome: DialOutcome) => () => void;

/**
 * A byte stream on a socket that is being dialled: TCP, TLS or a Unix socket. What is written before it is connected is
 * held, and the writer is asked to wait. Reading stops while WINDOW bytes have no credit.
 *
 *     connecting ──► open ──both ends, reset or break──► closed
 *         └──failed──────────────────────────────────────► closed
 *
 * Only a failed dial proves that the peer received nothing. Once a socket was connected, `delivered` is unknown.
 */
export class SocketStream implements ByteStream, ConnectionHandler, DialOutcome {
  handler: ByteStreamHandler = NOBODY;
  #connection: SocketConnection | undefined;
  readonly #abortDial: () => void;
  #state: "connecting" | "open" | "closed" = "connecting";
  readonly #held = new HeldBytes();
  /** Whether `end` was called, and whether the peer has ended. */
  #hasEnded = false;
  #hasPeerEnded = false;
  /** Whether the stream is closed as soon as everything has been sent. */
  #isFlushing = false;
  /** Whether a `write` returned false and `onDrain` is due. */
  #isBlocked = false;
  #uncredited = 0;
  #isPaused = false;
  /** Undefined once the peer has sent a byte, or the check is over. */
  #checkForTls: CheckForTls | undefined;
  /** Events that wait for the result of the check. */
  #waiting: (() => void)[] | undefined;

  /**
   * @param checkForTls called if a plain connection ends although the peer has sent nothing, as some servers with TLS
   *   do. If the peer expects TLS, the stream breaks with the cause `scheme`. Default: there is no check.
   */
  constructor(dial: StartDial, checkForTls?: CheckForTls) {
    this.#checkForTls = checkForTls;
    this.#abortDial = dial(this);
  }

  get unsent(): number {
    return this.#connection === undefined ? this.#held.length : this.#connection.unsent;
  }

  write(chunk: Buffer): boolean {
    const connection = this.#connection;
    if (this.#state === "closed") return true;
    if (connection === undefined) {
      this.#held.add(chunk);
      this.#isBlocked = true;
      return false;
    }
    connection.write(chunk);
    if (connection.unsent < MOST_UNSENT) return true;
    this.#isBlocked = true;
    return false;
  }

  end(): void {
    if (this.#hasEnded || this.#state === "closed") return;
    this.#hasEnded = true;
    this.#connection?.end();
  }

  reset(): void {
    const wasOpen = this.#state === "open";
    if (!this.#close()) return;
    if (wasOpen) this.#connection?.reset();
    else this.#abortDial();
  }

  resetAfterFlush(): void {
    if (this.#state === "closed") return;
    this.end();
    this.#isFlushing = true;
    this.handler = NOBODY;
    this.#finishFlush();
  }

  consumed(bytes: number): void {
    this.#uncredited -= bytes;
    if (!this.#isPaused || this.#uncredited > RESUMED) return;
    this.#isPaused = false;
    if (this.#state === "open") this.#connection?.resume();
  }

  // ---- the result of the dial

  connected(socket: Socket): void {
    if (this.#state === "closed") return void socket.destroy();
    this.#state = "open";
    const connection = new SocketConnection(socket, { mayLend: true });
    this.#connection = connection;
    connection.handler = this;
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) connection.write(held);
    if (this.#hasEnded) connection.end();
    this.#finishFlush();
    this.#drain();
  }

  failed(cause: BreakCause): void {
    const { handler } = this;
    if (this.#close()) handler.onReset({ cause, delivered: 0 });
  }

  // ---- events from the connection

  onData(chunk: Buffer): void {
    if (this.#state === "closed") return;
    this.#uncredited += chunk.length;
    this.#checkForTls = undefined;
    // Nobody reads what still arrives while the rest is sent.
    if (this.#isFlushing) return this.consumed(chunk.length);
    this.handler.onData(chunk);
    if (this.#uncredited < WINDOW || this.#isPaused || this.#connection === undefined) return;
    this.#isPaused = true;
    this.#connection.pause();
  }

  onEnd(): void {
    this.#hasPeerEnded = true;
    if (this.#checkForTls === undefined) this.handler.onEnd();
    else this.#afterCheck(this.#checkForTls, () => this.handler.onEnd());
  }

  onDrain(): void {
    this.#finishFlush();
    this.#drain();
  }

  onClose(): void {
    if (this.#checkForTls === undefined || this.#state === "closed") this.#onClosed();
    else this.#afterCheck(this.#checkForTls, () => this.#onClosed());
  }

  // ----

  #onClosed(): void {
    const { handler } = this;
    const isComplete = this.#hasEnded && this.#hasPeerEnded;
    if (this.#close() && !isComplete) handler.onReset({ cause: "broken", delivered: -1 });
  }

  /** Passes `event` on when it is known that the peer does not expect TLS. */
  #afterCheck(check: CheckForTls, event: () => void): void {
    if (this.#waiting !== undefined) return void this.#waiting.push(event);
    this.#waiting = [event];
    check((expectsTls) => {
      this.#checkForTls = undefined;
      if (!expectsTls) return this.#waiting?.forEach((waiting) => waiting());
      const { handler } = this;
      if (!this.#close()) return;
      this.#connection?.destroy();
      handler.onReset({ cause: "scheme", delivered: -1 });
    });
  }

  #drain(): void {
    if (!this.#isBlocked || this.#state !== "open" || this.unsent >= MOST_UNSENT) return;
    this.#isBlocked = false;
    this.handler.onDrain();
  }

  /** A closed socket still sends what the kernel has accepted; a reset one would drop it. */
  #finishFlush(): void {
    if (!this.#isFlushing || this.#state !== "open" || this.unsent > 0) return;
    this.#close();
    this.#connection?.destroy();
  }

  /** @returns false if it is closed already. */
  #close(): boolean {
    if (this.#state === "closed") return false;
    this.#state = "closed";
    this.#held.clear();
    this.handler = NOBODY;
    return true;
  }
}
