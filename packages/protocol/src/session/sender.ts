import { Batch } from "../wire/batch.js";
import { Flag, FrameType, HEADER_SIZE, MAX_PAYLOAD } from "../wire/frame.js";
import { CongestionWindow } from "./congestion-window.js";
import type { SendSide } from "./send-side.js";
import { HEADROOM, type Transport } from "../transport.js";

/**
 * A stream with nothing in flight may always send this many bytes beyond the congestion window, so that a small
 * response overtakes bulk data.
 */
const SMALL = 4 * 1024;
/** How many bytes one stream sends before the next stream's turn: with its header, a frame has 16 KiB. */
const TURN = 16 * 1024 - HEADER_SIZE;
/** A batch of this many bytes is sent before the turn of the event loop ends. */
const FULL_BATCH = 128 * 1024;
/** While the socket holds more than this many unsent bytes, small responses wait too. */
const SOCKET_QUEUE = 256 * 1024;

export interface SenderPort {
  transport: Transport;
  /** Milliseconds, monotonic. */
  now: () => number;
  /** Runs `task` once at the end of this turn of the event loop (setImmediate). */
  schedule: (task: () => void) => void;
  /** Runs `task`, which sends frames, once in this turn or at its end. Default: `schedule` */
  scheduleFlush?: ((task: () => void) => void) | undefined;
}

/**
 * Sends all frames of a session. Frames written in one turn of the event loop are sent as one message. Control frames
 * and small responses go first. Streams with bulk data take turns, within the peer's windows, the congestion window and
 * the room in the socket.
 */
export class Sender {
  readonly congestion = new CongestionWindow();
  /** Bytes of sequenced frames received: the count that ACK reports. */
  received = 0;
  /** When something last arrived, in milliseconds of our clock. */
  receivedAt = 0;
  /** Whether the peer requested an ACK at the end of this turn. */
  ackNow = false;
  #acknowledged = 0;

  readonly #port: SenderPort;
  readonly #scheduleFlush: SenderPort["schedule"];
  readonly #batch = new Batch();
  /** Offset of the batch's first sequenced frame; -1 while it has none. */
  #firstSequenced = -1;
  /** The value of `congestion.sent` when the batch began. */
  #sentBefore = 0;
  /** Streams that have bytes to send, and credit, in the order of their turns. */
  #round: SendSide[] = [];
  /** The stream that sent data last. */
  #lastStream = -1;
  /** Batches that the kernel has not taken completely. */
  #untaken: Buffer[] = [];
  #scheduled = false;
  #closed = false;
  readonly #flushLater: () => void;

  /** @param onFault called with an error thrown by a flush at the end of a turn. */
  constructor(port: SenderPort, onFault: (error: unknown) => void) {
    this.#port = port;
    this.#scheduleFlush = port.scheduleFlush ?? port.schedule;
    this.#flushLater = (): void => {
      try {
        this.flush();
      } catch (error) {
        onFault(error);
      }
    };
  }

  /** Milliseconds of our clock. */
  get now(): number {
    return this.#port.now();
  }

  /** The path's round trip without queueing, in milliseconds; 0 while unknown. */
  get baseRtt(): number {
    return this.congestion.baseRtt;
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

  open(id: number, flags: number, tunnel: number, window: number): void {
    this.#begin();
    this.#batch.open(flags, id, tunnel, window);
    this.#counted(HEADER_SIZE + 8);
  }

  window(id: number, limit: number): void {
    this.#begin();
    this.#batch.count(FrameType.WINDOW, 0, id, limit);
    this.#counted(HEADER_SIZE + 8);
  }

  fin(id: number, delivered: number): void {
    this.#begin();
    this.#batch.count(FrameType.FIN, 0, id, delivered);
    this.#counted(HEADER_SIZE + 8);
  }

  reset(id: number, error: number, delivered: number): void {
    this.#begin();
    this.#batch.reset(id, error, delivered);
    this.#counted(HEADER_SIZE + 12);
  }

  /** Sends as much of `chunk` as can be sent without queueing. Returns the number of bytes sent. */
  sendNow(side: SendSide, chunk: Buffer): number {
    const { credit } = side;
    const bytes = Math.min(chunk.length, credit, this.#room(side));
    const blocked = bytes === credit && bytes < chunk.length;
    if (bytes > 0) this.#data(side, chunk, 0, bytes, blocked);
    if (blocked) this.congestion.heldElsewhere();
    return bytes;
  }

  /** Whether more bytes of `side` could be sent now without queueing. */
  accepts(side: SendSide): boolean {
    return this.#room(side) > 0;
  }

  /** Adds `side`, which has bytes to send, to the round. Without credit it waits for WINDOW instead. */
  enqueue(side: SendSide): void {
    if (side.inRound || side.credit <= 0) return;
    side.inRound = true;
    this.#round.push(side);
    this.schedule();
  }

  /** Flushes at the end of this turn. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#scheduleFlush(this.#flushLater);
  }

  /** Sends everything that may be sent now. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    this.#pump();
    this.#leave();
  }

  /** The transport has sent everything. */
  drained(): void {
    for (const message of this.#untaken) Batch.recycle(message);
    this.#untaken = [];
    this.flush();
  }

  /** Stops sending: later frames are dropped. */
  close(): void {
    this.#closed = true;
    this.#round = [];
  }

  /** Streams take turns until the congestion window, their own windows or the socket are full. */
  #pump(): void {
    for (let room = this.#bulkRoom(); room > 0 && this.#round.length > 0; room = this.#bulkRoom()) {
      const side = this.#round.shift() as SendSide;
      side.inRound = false;
      const { queue, credit } = side;
      const bytes = Math.min(queue.length, credit, room, TURN);
      if (queue.length === 0) side.owner.onDequeued();
      if (bytes <= 0) continue;
      const blocked = bytes === credit && bytes < queue.length;
      if (blocked) this.congestion.heldElsewhere();
      this.#queued(side, bytes, blocked);
      if (queue.length > 0) this.enqueue(side);
      side.owner.onDequeued();
    }
  }

  /** Bytes of bulk data that may be sent now. */
  #bulkRoom(): number {
    if (this.#port.transport.buffered === 0) return this.congestion.room();
    this.congestion.heldElsewhere();
    return 0;
  }

  /** Bytes that `side` may send now without waiting for its turn, ignoring its own window. */
  #room(side: SendSide): number {
    const idle = side.mark <= this.congestion.acknowledged;
    const room = idle || this.#round.length === 0 ? this.#bulkRoom() : 0;
    if (room > 0) return room;
    return idle && this.#port.transport.buffered < SOCKET_QUEUE ? SMALL : 0;
  }

  #data(side: SendSide, bytes: Buffer, start: number, end: number, blocked: boolean): void {
    this.#sends(side);
    while (start < end) {
      const stop = Math.min(end, start + MAX_PAYLOAD);
      this.#begin();
      this.#batch.frame(FrameType.DATA, blocked && stop === end ? Flag.BLOCKED : 0, side.id, bytes, start, stop);
      side.sent += stop - start;
      this.#counted(HEADER_SIZE + stop - start);
      side.mark = this.congestion.sent;
      start = stop;
    }
  }

  /** Sends the first bytes of the queue in one frame. */
  #queued(side: SendSide, bytes: number, blocked: boolean): void {
    this.#sends(side);
    this.#begin();
    let at = this.#batch.data(blocked ? Flag.BLOCKED : 0, side.id, bytes);
    side.queue.take(bytes, (block, start, end) => (at = this.#batch.put(at, block, start, end)));
    side.sent += bytes;
    this.#counted(HEADER_SIZE + bytes);
    side.mark = this.congestion.sent;
  }

  #sends({ id }: SendSide): void {
    if (id === this.#lastStream) return;
    this.#lastStream = id;
    this.congestion.streamChanged(this.#port.now());
  }

  /** `receivedAt` as ACK and PONG carry it: microseconds, 32 bits. */
  get #clock(): number {
    return Math.floor(this.receivedAt * 1000) >>> 0;
  }

  /** Call it before each sequenced frame. */
  #begin(): void {
    if (this.#firstSequenced >= 0) return;
    this.#firstSequenced = this.#batch.length;
    this.#sentBefore = this.congestion.sent;
  }

  #counted(bytes: number): void {
    this.congestion.sent += bytes;
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
      if (this.congestion.leave(this.#sentBefore, this.#port.now()))
        this.#batch.flag(this.#firstSequenced, Flag.ACK_NOW);
      this.#firstSequenced = -1;
    }
    const message = this.#batch.take();
    if (!this.#port.transport.send(message, HEADROOM)) this.#untaken.push(message);
    else Batch.recycle(message);
  }
}
