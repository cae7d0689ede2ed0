import { DEFAULT_LIMITS } from "../limits.js";
import { HEADROOM, NO_SESSION, type Transport, type TransportHandler } from "../transport.js";
import { CloseCode, Opcode, writeHeader, type WebSocketRole } from "./frame.js";
import { WebSocketReader, type MessageLimits, type WebSocketReaderHandler } from "./reader.js";

/** The part of a node:net or node:tls socket that the transport uses. */
export interface SocketLike {
  /** Bytes written that the kernel has not taken. */
  readonly writableLength: number;
  readonly destroyed: boolean;
  /** `written` is called when the kernel has taken them, or with an error. */
  write(bytes: Buffer, written: (error?: Error | null) => void): unknown;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Puts bytes back, so that they are read first. */
  unshift(bytes: Buffer): unknown;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface WebSocketOptions {
  socket: SocketLike;
  role: WebSocketRole;
  /** Bytes that arrived together with the upgrade request or its response. */
  head: Buffer;
  /** Calls `task` once after `milliseconds`. The timer must not keep the process alive. */
  setTimer: (task: () => void, milliseconds: number) => unknown;
  /** Begins to pass the bytes of the socket to `receive`, for which they are valid. Default: its `data` events. */
  read?: (receive: (chunk: Buffer) => void) => void;
  /**
   * Whether the kernel has taken the oldest write that the socket counts as unsent: TLS counts each one until a later
   * turn. Default: never.
   */
  hasSent?: () => boolean;
}

/** PROTOCOL.md, section 1. */
const LIMITS: MessageLimits = { message: DEFAULT_LIMITS.message, fragments: 16 };
/** How long the closing handshake may take, in milliseconds. */
const CLOSING = 2_000;
/** While the socket holds more than this many unsent bytes, only the latest ping is answered. */
const UNREAD_PONGS = 64 * 1024;
/** RFC 6455, section 5.5: 125 bytes including the code. */
const LONGEST_REASON = 123;

/**
 * A session's transport over a socket whose WebSocket handshake is complete (RFC 6455). A message and its header are
 * sent in one write; message bytes are reported as they arrive.
 *
 *     open ── close() ────────► closing ── close frame received ─┐
 *       ├── close frame received, answered ──────────────────────┤
 *       ├── fault ─── close frame sent ──────────────────────────┼──► ending ── socket closed ──► closed
 *       └── end of the socket ───────────────────────────────────┘      2 s from leaving `open` at most
 */
export class WebSocketTransport implements Transport, WebSocketReaderHandler {
  handler: TransportHandler = NO_SESSION;
  /** How many more bytes the peer may send. One byte more destroys the connection. */
  allowance = Infinity;
  readonly #socket: SocketLike;
  readonly #reader: WebSocketReader;
  readonly #role: WebSocketRole;
  readonly #setTimer: WebSocketOptions["setTimer"];
  readonly #hasSent: (() => boolean) | undefined;
  #state: "open" | "closing" | "ending" | "closed" = "open";
  /** Writes whose callback has not been called. */
  #pending = 0;
  /** The last of these writes, from the first that the kernel did not take at once: their batches, if they have any. */
  readonly #unsent: (Buffer | undefined)[] = [];
  /** The pong for the latest ping, while it has to wait. */
  #pong: Buffer | undefined;
  /** Bytes read from the socket that the handler was too busy to use. The socket is paused meanwhile. */
  #unread: Buffer | undefined;
  /** The peer has ended the connection behind the unread bytes. */
  #hasEnded = false;
  #code: number = CloseCode.ABNORMAL;
  #reason = "";

  constructor({ socket, role, head, setTimer, read, hasSent }: WebSocketOptions) {
    this.#socket = socket;
    this.#role = role;
    this.#setTimer = setTimer;
    this.#hasSent = hasSent;
    this.#reader = new WebSocketReader(role, LIMITS, this);
    // Listeners are added before any use of the socket. `close` follows every error, and only `close` ends the session.
    socket.on("error", (error) => (this.#reason ||= error.message));
    socket.on("close", () => this.#closed());
    socket.on("end", () => {
      if (this.#unread === undefined) this.#end();
      else this.#hasEnded = true;
    });
    if (head.length > 0) socket.unshift(head);
    const receive = (chunk: Buffer): void => {
      this.allowance -= chunk.length;
      if (this.allowance < 0) socket.destroy();
      if (!socket.destroyed) this.#read(chunk, false);
    };
    if (read === undefined) socket.on("data", receive);
    else read(receive);
  }

  get buffered(): number {
    const { writableLength } = this.#socket;
    if (writableLength === 0 || this.#unsent.length > 1) return writableLength;
    return this.#hasSent?.() === true ? 0 : writableLength;
  }

  send(batch: Buffer, start: number): boolean {
    if (this.#state === "open") this.#write(batch, start, Opcode.BINARY);
    return this.#socket.writableLength === 0;
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#sendClose(code, reason);
    this.#state = "closing";
    this.#limitClosing();
  }

  terminate(): void {
    this.#socket.destroy();
  }

  resume(): void {
    const unread = this.#unread;
    if (unread === undefined || this.#socket.destroyed) return;
    this.#unread = undefined;
    this.#read(unread, true);
    if (this.#unread !== undefined) return;
    this.#socket.resume();
    if (this.#hasEnded) this.#end();
  }

  // ---- WebSocketReaderHandler

  get isBusy(): boolean {
    return this.handler.isBusy;
  }

  onMessage(piece: Buffer, last: boolean): number {
    return this.handler.onMessage(piece, last);
  }

  onPong(): void {
    this.handler.onControlFrame();
  }

  onPing(payload: Buffer): void {
    this.handler.onControlFrame();
    if (this.#state !== "open") return;
    const pong = Buffer.allocUnsafe(HEADROOM + payload.length);
    payload.copy(pong, HEADROOM);
    if (this.buffered > UNREAD_PONGS) this.#pong = pong;
    else this.#write(pong, HEADROOM, Opcode.PONG);
  }

  onClose(code: number, reason: string): void {
    this.#code = code;
    this.#reason = reason;
    if (this.#state === "open") this.#sendClose(code, "");
    this.#end();
  }

  onFault(code: number, reason: string): void {
    this.#reason = reason;
    if (this.#state === "open") this.#sendClose(code, reason);
    this.#end();
  }

  // ---- the socket

  /** @param isOurs whether the bytes of `chunk` stay valid after the call. */
  #read(chunk: Buffer, isOurs: boolean): void {
    // Bytes that were already on their way when the socket was paused.
    if (this.#unread !== undefined) return void (this.#unread = Buffer.concat([this.#unread, chunk]));
    const used = this.#reader.read(chunk);
    if (used === chunk.length) return;
    const rest = chunk.subarray(used);
    this.#unread = isOurs ? rest : Buffer.from(rest);
    this.#socket.pause();
    this.handler.onPaused();
  }

  #write(bytes: Buffer, start: number, opcode: Opcode): void {
    this.#pending++;
    this.#socket.write(bytes.subarray(writeHeader(bytes, start, opcode, this.#role)), this.#written);
    if (this.#socket.writableLength > 0) this.#unsent.push(opcode === Opcode.BINARY ? bytes : undefined);
  }

  /** The callback of every write. `drain` is not emitted after small writes that the kernel did not take completely. */
  readonly #written = (error?: Error | null): void => {
    const isUnsent = this.#pending-- === this.#unsent.length;
    if (!isUnsent) return;
    const batch = this.#unsent.shift();
    if (error) return;
    if (batch !== undefined) this.handler.onSent?.(batch);
    if (this.buffered > 0) return;
    const pong = this.#pong;
    this.#pong = undefined;
    if (pong !== undefined && this.#state === "open") this.#write(pong, HEADROOM, Opcode.PONG);
    this.handler.onDrain();
  };

  #sendClose(code: number, reason: string): void {
    const text = Buffer.from(reason).subarray(0, LONGEST_REASON);
    const payload = code === CloseCode.NONE ? 0 : 2 + text.length;
    const bytes = Buffer.alloc(HEADROOM + payload);
    if (payload > 0) bytes.set(text, bytes.writeUInt16BE(code, HEADROOM));
    this.#write(bytes, HEADROOM, Opcode.CLOSE);
  }

  /** Sends nothing more. Bytes that were already written are still sent. */
  #end(): void {
    if (this.#state === "ending" || this.#state === "closed") return;
    if (this.#state === "open") this.#limitClosing();
    this.#state = "ending";
    this.#socket.end();
  }

  #limitClosing(): void {
    this.#setTimer(() => this.#socket.destroy(), CLOSING);
  }

  #closed(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.handler.onClose(this.#code, this.#reason);
  }
}
