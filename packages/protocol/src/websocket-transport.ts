import type { Transport, TransportHandler } from "./transport.js";

/** What this needs of a WebSocket: the shape of package `ws`. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  send(data: Buffer, options: { binary: boolean; compress: boolean }, sent: (error?: Error | null) => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: "message", listener: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): unknown;
  on(event: "close", listener: (code: number, reason: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

const BINARY = { binary: true, compress: false };
/** RFC 6455, section 7.4.1: this side accepts no text. */
const UNSUPPORTED_DATA = 1003;

/** A session's transport over a WebSocket that is already open. */
export class WebSocketTransport implements Transport {
  handler: TransportHandler = { onMessage() {}, onDrain() {}, onClose() {} };
  readonly #socket: WebSocketLike;
  /** Whether somebody may wait for `onDrain`. */
  #waiting = false;
  #failure = "";
  readonly #sent = (): void => {
    if (!this.#waiting || this.#socket.bufferedAmount > 0) return;
    this.#waiting = false;
    this.handler.onDrain();
  };

  constructor(socket: WebSocketLike) {
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.handler.onMessage(data as Buffer);
      else socket.close(UNSUPPORTED_DATA, "binary messages only");
    });
    // An error is followed by `close`, which alone ends the session.
    socket.on("error", (error) => (this.#failure = error.message));
    socket.on("close", (code, reason) => this.handler.onClose(code, reason.toString() || this.#failure));
  }

  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Buffer): void {
    this.#socket.send(message, BINARY, this.#sent);
    if (this.#socket.bufferedAmount > 0) this.#waiting = true;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
