import type { Socket } from "node:net";
import { HeldBytes, relay, SocketConnection, type Lookup } from "@postern/net";
import type { Stream, StreamHandler } from "@postern/protocol";
import type { TunnelEvents } from "../tunnel-events.js";
import { FirstResponse } from "./first-response.js";
import { dialLocal, dialLocalByName } from "./local-address.js";
import { localFaultCode } from "./local-fault.js";
import type { LocalService } from "./local-service.js";
import { RefusalWatch } from "./refusal-watch.js";

/** How long the local service may take to accept a connection, in milliseconds. */
const DIAL_TIMEOUT = 10_000;

/** The events of a connection. */
type ConnectionEvents = Pick<TunnelEvents, "onDialFailure" | "onDialled" | "onHostRefused" | "onLocalTls">;

/**
 * The local end of one stream. It dials the local service and holds the bytes that arrive in the meantime, at most the
 * stream's window. Then it relays bytes unchanged in both directions.
 */
export class LocalConnection implements StreamHandler {
  readonly #stream: Stream;
  readonly #service: LocalService;
  readonly #events: ConnectionEvents;
  readonly #onClosed: () => void;
  readonly #held = new HeldBytes();
  #hasEnded = false;
  /** Ends the dial. With an error, the dial has failed; without one, the stream was reset. */
  readonly #abort: (error?: Error) => void;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param onClosed called once, when the connection is closed or the dial has failed.
   * @param lookup resolves the name of a named address. Default: the system's resolver.
   */
  constructor(stream: Stream, service: LocalService, events: ConnectionEvents, onClosed: () => void, lookup?: Lookup) {
    this.#stream = stream;
    this.#service = service;
    this.#events = events;
    this.#onClosed = onClosed;
    stream.handler = this;
    this.#abort = service.address.isNamed ? this.#dialByName(lookup) : this.#dial();
    this.#timer = setTimeout(() => this.#abort(timeoutError()), DIAL_TIMEOUT);
  }

  onData(chunk: Buffer): void {
    this.#held.add(chunk);
  }

  onEnd(): void {
    this.#hasEnded = true;
  }

  onReset(): void {
    this.#abort();
  }

  onDrain(): void {}

  /** An address that needs no lookup is dialled with one call, without promises. */
  #dial(): (error?: Error) => void {
    const socket = dialLocal(this.#service.address);
    let failure: Error | undefined;
    const onError = (error: Error): void => void (failure = error);
    const onClose = (): void => this.#onFailed(failure);
    socket
      .on("error", onError)
      .once("close", onClose)
      .once(this.#service.address.tls ? "secureConnect" : "connect", () => {
        socket.off("error", onError).off("close", onClose);
        this.#onConnected(socket);
      });
    return (error) => void socket.destroy(error);
  }

  #dialByName(lookup: Lookup | undefined): (error?: Error) => void {
    const stop = new AbortController();
    const { signal } = stop;
    dialLocalByName(this.#service.address, signal, lookup).then(
      (socket) => {
        if (!signal.aborted) return this.#onConnected(socket);
        // The stream may have been reset after the address answered.
        socket.on("error", () => {}).destroy();
        this.#onFailed(signal.reason as Error);
      },
      (error: Error) => this.#onFailed(error),
    );
    return (error) => stop.abort(error);
  }

  #onConnected(socket: Socket): void {
    clearTimeout(this.#timer);
    this.#events.onDialled();
    const connection = new SocketConnection(socket);
    const uncredited = this.#held.length;
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) connection.write(held);
    relay(connection, this.#stream, { uncredited, onClose: "flush", onDone: this.#onClosed });
    this.#watchForRefusal(connection);
    if (this.#service.mayUseTls) this.#watchFirstResponse(connection);
    if (this.#hasEnded) connection.end();
  }

  #watchForRefusal(connection: SocketConnection): void {
    const { handler } = connection;
    connection.handler = new RefusalWatch(handler, {
      onRefused: (software) => this.#events.onHostRefused(software),
      onDone: () => (connection.handler = handler),
    });
  }

  #watchFirstResponse(connection: SocketConnection): void {
    const { handler } = connection;
    connection.handler = new FirstResponse(handler, this.#service, {
      onPlain: () => (connection.handler = handler),
      onTls: () => {
        connection.handler = handler;
        if (this.#stream.over) return;
        this.#stream.reset(this.#service.resetCode("PN_DIAL_SCHEME"));
        this.#events.onLocalTls();
        connection.destroy();
      },
    });
  }

  #onFailed(error: NodeJS.ErrnoException | undefined): void {
    clearTimeout(this.#timer);
    if (!this.#stream.over) {
      const code = localFaultCode(error);
      this.#stream.reset(this.#service.resetCode(code));
      if (error !== undefined) this.#events.onDialFailure(code, error);
    }
    // The bytes held here still count in the window of a stream that the server has reset.
    else this.#stream.resetAfterFlush();
    this.#held.clear();
    this.#onClosed();
  }
}

function timeoutError(): Error {
  return Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
}
