import type { Socket } from "node:net";
import { isLent, release } from "./buffer-pool.js";
import { READ_BUFFERS, SHARED_BUFFER, SHARED_VIEWS } from "./read-buffers.js";
import { READ_END } from "./read-end.js";
import { chooseBuffers, hookReads } from "./read-hook.js";
import { isTls } from "../tls/is-tls.js";

/** After a read of at least this many bytes, a socket whose bytes may be lent reads into a buffer of its own. */
const BULK = 8 * 1024;

/**
 * The most bytes of a TLS record (RFC 8446, section 5.1). Others follow a full one in bulk data, so it waits for them
 * until the turn of the event loop ends.
 */
const FULL_RECORD = 16 * 1024;

/** Gets the bytes that a socket reads. They are valid only during the call. */
export type Receive = (chunk: Buffer) => void;

export interface ReadOptions {
  /**
   * Whether other sockets may refer to the bytes after the call, until they have sent them. Then bulk data is read into
   * buffers of the socket's own. Default false: bytes are in the shared buffer, or in memory that is used once.
   */
  mayLend?: boolean;
}

/** The field of a socket that holds its reader. */
const READER = Symbol("reader");
type Read = Socket & { [READER]?: SocketReader };

/**
 * Passes everything that `socket` reads from now on to `receive`, in order, beginning with the bytes that its stream
 * has buffered. A socket that is paused has to be resumed. A socket has one reader at a time: a new one may begin after
 * the previous one has stopped.
 */
export function readSocket(socket: Socket, receive: Receive, { mayLend = false }: ReadOptions = {}): SocketReader {
  const reader = ((socket as Read)[READER] ??= new SocketReader(socket));
  reader.start(receive, mayLend);
  return reader;
}

/**
 * Reads a socket, with TLS or without. The bytes are in memory that is reused, if this version of Node.js has the
 * means. Otherwise, the reader uses the `data` events of the stream.
 *
 * Bytes that are read directly bypass the stream. The stream holds them, in copies, if it has earlier bytes, or if the
 * reader is paused: TLS decrypts and passes on all records that have arrived, although it has stopped reading, and
 * node:net starts to read again for `resume`, although `pause` was called after it.
 */
export class SocketReader {
  readonly #socket: Socket;
  readonly #isDirect: boolean;
  /** undefined: everything is left to the stream. */
  #receive: Receive | undefined;
  /** The listener of the stream; undefined while the reader does not listen, as most never do. */
  #onData: ((chunk: Buffer) => void) | undefined;
  #isReceiving = false;
  /** Whether the receiver has paused the reader during a call. Pausing the whole stream would cost more. */
  #isStopped = false;
  #mayLend = false;
  #choosesBuffers = false;
  /** Passes on what waits; undefined if nothing ever waits: without TLS, or without `mayLend`. */
  #onTurnEnd: (() => void) | undefined;
  #buffer = SHARED_BUFFER;
  #isBulk = false;
  /** The bytes of the buffer from `#start` to `#end` wait to be passed on. The next read begins at `#end`. */
  #start = 0;
  #end = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#isDirect = hookReads(socket, (bytes) => this.#onRead(bytes));
  }

  start(receive: Receive, mayLend: boolean): void {
    const socket = this.#socket;
    this.#receive = receive;
    this.#mayLend = mayLend;
    if (!this.#isDirect || socket.readableLength > 0) this.#listen();
    if (mayLend && this.#isDirect) this.#chooseBuffers();
  }

  /** Leaves the socket, paused, to another reader or to the listeners of its stream. */
  stop(): void {
    this.#socket.pause();
    this.#onTurnEnd?.();
    if (this.#onData !== undefined) this.#socket.off("data", this.#onData);
    this.#receive = this.#onData = undefined;
    this.#isStopped = this.#mayLend = false;
  }

  get isPaused(): boolean {
    return this.#isStopped || this.#socket.isPaused();
  }

  pause(): void {
    if (this.#isReceiving) this.#isStopped = true;
    else this.#socket.pause();
  }

  /** Continues in a later turn of the event loop. */
  resume(): void {
    this.#isStopped = false;
    this.#socket.resume();
  }

  /** @returns whether to read on. */
  #onRead(bytes: number): boolean {
    this.#isBulk = bytes >= BULK;
    const end = this.#end + bytes;
    if (bytes === FULL_RECORD && this.#mayWait(end)) {
      if (this.#start === this.#end) setImmediate(this.#onTurnEnd as () => void);
      this.#end = end;
      return true;
    }
    const isShared = this.#buffer === SHARED_BUFFER && this.#start === 0;
    const chunk = isShared ? SHARED_VIEWS.first(end) : this.#buffer.subarray(this.#start, end);
    // If the receiver throws, node:net does not ask for another buffer.
    this.#start = this.#end;
    return this.#deliver(chunk);
  }

  /** Whether the record that ends at `end` may wait for the next one. */
  #mayWait(end: number): boolean {
    const hasRoom = this.#buffer !== SHARED_BUFFER && end + FULL_RECORD <= this.#buffer.length;
    return hasRoom && this.#mayLend && !this.#mustHold && this.#onTurnEnd !== undefined;
  }

  get #mustHold(): boolean {
    return this.isPaused || this.#socket.readableLength > 0;
  }

  #deliver(chunk: Buffer): boolean {
    if (this.#receive === undefined) return this.#socket.push(Buffer.from(chunk));
    if (this.#mustHold) return this.#hold(chunk);
    this.pass(chunk);
    return !this.#isStopped;
  }

  #takeWaiting(): Buffer | undefined {
    if (this.#start === this.#end || this.#socket.destroyed) return undefined;
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return waiting;
  }

  /** Passes a chunk on, whose bytes may change afterwards. */
  pass(chunk: Buffer): void {
    this.#isReceiving = true;
    READ_END.beginRead();
    try {
      this.#receive?.(chunk);
    } finally {
      this.#isReceiving = false;
      READ_END.endRead();
    }
  }

  #hold(chunk: Buffer): boolean {
    if (this.#isStopped) this.#socket.pause();
    this.#listen();
    return this.#socket.push(Buffer.from(chunk));
  }

  #listen(): void {
    if (this.#onData !== undefined) return;
    this.#onData = (chunk) => {
      this.pass(chunk);
      if (this.#isStopped) this.#socket.pause();
    };
    this.#socket.on("data", this.#onData);
  }

  #chooseBuffers(): void {
    if (this.#choosesBuffers) return;
    this.#choosesBuffers = true;
    const socket = this.#socket;
    chooseBuffers(socket, () => this.#nextBuffer());
    socket.on("close", () => this.#release());
    if (!isTls(socket)) return;
    this.#onTurnEnd = () => {
      const waiting = this.#takeWaiting();
      if (waiting !== undefined && !this.#deliver(waiting)) socket.pause();
    };
    // The stream cannot hold anything after its end.
    socket.prependListener("end", () => {
      const waiting = this.#takeWaiting();
      if (waiting !== undefined) this.pass(waiting);
    });
  }

  /** The buffer of the next read: one that no other socket refers to. */
  #nextBuffer(): Buffer {
    if (this.#start < this.#end && !this.#socket.destroyed) return this.#buffer.subarray(this.#end);
    this.#start = this.#end = 0;
    if (!this.#isBulk || !this.#mayLend || this.#socket.destroyed) this.#release();
    else if (this.#buffer === SHARED_BUFFER) this.#buffer = READ_BUFFERS.take();
    else if (isLent(this.#buffer.buffer)) {
      release(this.#buffer.buffer);
      this.#buffer = READ_BUFFERS.take();
    }
    return this.#buffer;
  }

  #release(): void {
    if (this.#buffer === SHARED_BUFFER) return;
    release(this.#buffer.buffer);
    this.#buffer = SHARED_BUFFER;
    this.#start = this.#end = 0;
  }
}
