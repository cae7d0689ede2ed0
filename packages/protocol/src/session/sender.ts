import { Batch } from "../wire/batch.js";
import { Flag, FrameType, HEADER_SIZE, MAX_PAYLOAD } from "../wire/frame.js";
import { InFlight } from "./congestion-window.js";
import type { SendQueue } from "./send-queue.js";
import { HEADROOM, type Transport } from "../transport.js";

/** A stream with nothing in flight may always send this much, in bytes, past the budget: a small answer overtakes bulk. */
const SMALL = 4 * 1024;
/** How much one stream sends before it is the next one's turn, in bytes. */
const TURN = 16 * 1024;
/** A batch this long leaves before the turn of the event loop ends, in bytes. */
const FULL_BATCH = 128 * 1024;
/** Beyond this many bytes that the socket has not taken, small answers wait too. */
const SOCKET_QUEUE = 256 * 1024;

/** A stream as the sender sees it. */
export interface SendingStream {
  readonly id: number;
  /** The tunnel it was opened for. */
  readonly tunnel: number;
  /** What waits to be sent. */
  readonly queue: SendQueue;
  /** Bytes that the peer's window still takes. */
  readonly credit: number;
  /** Bytes sent. */
  sent: number;
  /** Whether it waits in the sender's round. */
  waiting: boolean;
  /** The session's count of sent bytes after this stream's last frame. */
  sentMark: number;
  /** The sender took bytes from the queue. */
  dequeued(): void;
}

/** What the sender needs from outside. */
export interface SenderPort {
  transport: Transport;
  /** Milliseconds, monotonic. */
  now: () => number;
  /** Runs once at the end of this turn of the event loop (setImmediate). */
  schedule: (task: () => void) => void;
}

/**
 * The one way out of a session. What is written in one turn of the event loop leaves as one message; control and small
 * answers go first; bulk data takes turns, within what the peer's windows, the in-flight budget and the socket take.
 */
export class Sender {
  readonly inFlight = new InFlight();
  /** Bytes of sequenced frames received: what ACK says. */
  received = 0;
  /** When something last arrived, in milliseconds of our clock. */
  heardAt = 0;
  /** Whether the peer asked for an ACK at the end of this turn. */
  ackNow = false;
  #acknowledged = 0;

  readonly #port: SenderPort;
  readonly #batch = new Batch();
  /** Where the batch's first sequenced frame begins; -1: none yet. */
  #firstSequenced = -1;
  /** `inFlight.sent` when the batch began. */
  #sentBefore = 0;
  /** Streams with queued bytes and credit, in the order of their turns. */
  #round: SendingStream[] = [];
  #scheduled = false;
  #closed = false;
  readonly #flush = (): void => this.flush();

  constructor(port: SenderPort) {
    this.#port = port;
  }

  /** Milliseconds of our clock. */
  get now(): number {
    return this.#port.now();
  }

  control(json: Buffer): void {
    this.#batch.frame(FrameType.CONTROL, 0, 0, json);
    this.#written();
  }

  ping(payload: Buffer): void {
    this.#batch.frame(FrameType.PING, 0, 0, payload);
    this.#written();
  }

  pong(payload: Buffer): void {
    this.#batch.pong(payload, this.#clock);
    this.#written();
  }

  goAway(error: number, retryAfter: number, reason: string): void {
    this.#batch.goAway(error, retryAfter, reason);
    this.#written();
  }

  open(stream: SendingStream, flags: number, window: number): void {
    this.#begin();
    this.#batch.open(flags, stream.id, stream.tunnel, window);
    this.#counted(HEADER_SIZE + 8);
  }

  window(stream: SendingStream, limit: number): void {
    this.#begin();
    this.#batch.count(FrameType.WINDOW, 0, stream.id, limit);
    this.#counted(HEADER_SIZE + 8);
  }

  fin(stream: SendingStream, delivered: number): void {
    this.#begin();
    this.#batch.count(FrameType.FIN, 0, stream.id, delivered);
    this.#counted(HEADER_SIZE + 8);
  }

  reset(stream: { id: number }, error: number, delivered: number): void {
    this.#begin();
    this.#batch.reset(stream.id, error, delivered);
    this.#counted(HEADER_SIZE + 12);
  }

  /** Sends what may leave of `chunk` without queueing. Returns how many bytes that was. */
  sendNow(stream: SendingStream, chunk: Buffer): number {
    const bytes = Math.min(chunk.length, stream.credit, this.#room(stream));
    if (bytes > 0) this.#data(stream, chunk, 0, bytes, bytes < chunk.length && bytes === stream.credit);
    return bytes;
  }

  /** Takes `stream` into the round; it has queued bytes. */
  wait(stream: SendingStream): void {
    if (stream.waiting || stream.credit <= 0) return;
    stream.waiting = true;
    this.#round.push(stream);
    this.schedule();
  }

  /** Something may leave at the end of this turn. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#port.schedule(this.#flush);
  }

  /** Sends what may leave. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    this.#pump();
    this.#leave();
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#closed = true;
    this.#round = [];
  }

  /** Bulk data takes turns until budget, windows or the socket say stop. */
  #pump(): void {
    for (let room = this.#bulkRoom(); room > 0 && this.#round.length > 0; room = this.#bulkRoom()) {
      const stream = this.#round.shift() as SendingStream;
      stream.waiting = false;
      const { queue } = stream;
      let bytes = Math.min(queue.length, stream.credit, room, TURN);
      if (bytes <= 0) continue;
      const blocked = bytes === stream.credit && bytes < queue.length;
      queue.take(bytes, (chunk, start, end) => {
        bytes -= end - start;
        this.#data(stream, chunk, start, end, blocked && bytes === 0);
      });
      if (queue.length > 0) this.wait(stream);
      stream.dequeued();
    }
  }

  /** How much bulk data may leave now. */
  #bulkRoom(): number {
    return this.#port.transport.buffered === 0 ? this.inFlight.room() : 0;
  }

  /** How much `stream` may send now without waiting for its turn, its own window aside. */
  #room(stream: SendingStream): number {
    const idle = stream.sentMark <= this.inFlight.acked;
    const room = idle || this.#round.length === 0 ? this.#bulkRoom() : 0;
    if (room > 0) return room;
    return idle && this.#port.transport.buffered < SOCKET_QUEUE ? SMALL : 0;
  }

  #data(stream: SendingStream, bytes: Buffer, start: number, end: number, blocked: boolean): void {
    while (start < end) {
      const stop = Math.min(end, start + MAX_PAYLOAD);
      this.#begin();
      this.#batch.frame(FrameType.DATA, blocked && stop === end ? Flag.BLOCKED : 0, stream.id, bytes, start, stop);
      stream.sent += stop - start;
      this.#counted(HEADER_SIZE + stop - start);
      stream.sentMark = this.inFlight.sent;
      start = stop;
    }
  }

  /** `heardAt` as the wire has it: microseconds, 32 bits. */
  get #clock(): number {
    return Math.floor(this.heardAt * 1000) >>> 0;
  }

  /** A sequenced frame comes next. */
  #begin(): void {
    if (this.#firstSequenced >= 0) return;
    this.#firstSequenced = this.#batch.length;
    this.#sentBefore = this.inFlight.sent;
  }

  #counted(bytes: number): void {
    this.inFlight.sent += bytes;
    this.#written();
  }

  #written(): void {
    if (this.#batch.length >= FULL_BATCH) this.#leave();
    else this.schedule();
  }

  #leave(): void {
    if (this.#closed) return;
    const owesAck = this.received > this.#acknowledged;
    if (this.#batch.length === 0 && !(owesAck && this.ackNow)) return;
    if (owesAck) {
      this.#acknowledged = this.received;
      this.#batch.acknowledge(this.received, this.#clock);
    }
    this.ackNow = false;
    if (this.#firstSequenced >= 0) {
      if (this.inFlight.leave(this.#sentBefore, this.#port.now())) this.#batch.flag(this.#firstSequenced, Flag.ACK_NOW);
      this.#firstSequenced = -1;
    }
    const message = this.#batch.take();
    if (this.#port.transport.send(message, HEADROOM)) Batch.recycle(message);
  }
}
