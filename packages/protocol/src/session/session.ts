import { decodeControl, encodeControl, type ControlMessage } from "../wire/control.js";
import { ERRORS, errorCode, TunnelError, type ErrorCode } from "../errors.js";
import { Flag } from "../wire/frame.js";
import { FrameReader, type FrameHandler } from "../wire/frame-reader.js";
import { Heartbeat } from "./heartbeat.js";
import { DEFAULT_LIMITS, type Limits } from "../limits.js";
import { ReceiveWindow } from "./receive-window.js";
import { Sender, type SenderPort } from "./sender.js";
import { Stream, type StreamOwner } from "./stream.js";
import type { Transport, TransportHandler } from "../transport.js";
import { WindowPool } from "./window-pool.js";

/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
/** More than this, in bytes, waits for the socket only when a peer makes us answer and does not read: bulk data stops far below. */
const MOST_UNREAD = 4 * 1024 * 1024;
/**
 * A peer that is heard and does not answer is given up when an answer is this many heartbeats old, and a PING has waited for one for so many.
 * That is noticed within three heartbeats, though it is looked at once a second only.
 */
const ANSWER_AGE = 2.85;
const PING_AGE = 1.7;
/** In milliseconds: with however many heartbeats, a long way takes its time. */
const LEAST_PING_AGE = 5_000;
/** Stream ids fit 32 bits. */
const LAST_ID = 0xffff_ffff;

export interface SessionHandler {
  /** The peer opened a stream; set its handler before returning. */
  onStream(stream: Stream, probe: boolean): void;
  onControl(message: ControlMessage): void;
  /** The peer drains: open nothing new, finish what runs. */
  onGoAway(code: ErrorCode, retryAfter: number, reason: string): void;
  /** A heartbeat was answered after so many milliseconds. */
  onPong(roundTrip: number): void;
  /** The last open stream is over. */
  onStreamsOver(): void;
  /** The session ended; its streams were told before. */
  onClose(reason: TunnelError): void;
}

export interface SessionOptions extends SenderPort {
  role: "server" | "client";
  limits?: Partial<Limits>;
}

/** One session over one transport: PROTOCOL.md. Pure: transport, clock and turns come from outside, and `tick` is the only timer. */
export class Session implements StreamOwner, FrameHandler, TransportHandler {
  handler: SessionHandler;
  readonly sender: Sender;
  readonly limits: Limits;

  readonly #transport: Transport;
  readonly #port: SenderPort;
  readonly #role: "server" | "client";
  readonly #streams = new Map<number, Stream>();
  readonly #pool: WindowPool;
  readonly #heartbeat: Heartbeat;
  readonly #reader: FrameReader;
  #nextId: number;
  /** The highest id the peer has opened. */
  #peerId: number;
  /** The session ended, or is closing for this reason. */
  #reason: TunnelError | undefined;
  #closed = false;
  #goneAway = false;
  #pings = 0;
  #pingAt = -1;
  #pingClean = false;
  #pingIsBeat = false;
  /** The oldest PING since the last PONG left then; -1 while none waits for one. */
  #unansweredAt = -1;
  #answeredAt: number;

  constructor(options: SessionOptions, handler: SessionHandler) {
    this.handler = handler;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#port = options;
    this.#role = options.role;
    this.#transport = options.transport;
    this.#pool = new WindowPool(this.limits.sessionWindow);
    this.#reader = new FrameReader(this.limits.control);
    this.#heartbeat = new Heartbeat(this.limits.heartbeat, options.now());
    this.#answeredAt = options.now();
    this.#nextId = options.role === "server" ? 1 : 2;
    this.#peerId = options.role === "server" ? 0 : -1;
    const schedule = (task: () => void): void => options.schedule(() => this.#guard(task));
    this.sender = new Sender({ transport: options.transport, now: options.now, schedule });
    options.transport.handler = this;
  }

  /** Streams open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Whether a stream can be opened now. */
  get available(): boolean {
    return this.#reason === undefined && !this.#goneAway && !this.full;
  }

  /** As many streams are open as it may have. */
  get full(): boolean {
    return this.#streams.size >= this.limits.streams;
  }

  /** Opens a stream for `tunnel`. The caller has looked at `available`. */
  open(tunnel: number, probe = false): Stream {
    const window = new ReceiveWindow(true, this.limits, this.#pool);
    const stream = new Stream(this.#nextId, tunnel, this.limits.guaranteedWindow, window, this);
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.sender.open(stream, probe ? Flag.PROBE : 0, window.limit);
    if (this.#nextId > LAST_ID) this.goAway("PN_DRAINING");
    return stream;
  }

  /** Breaks what is open for `tunnel`: the peer and the owners of the streams are told. */
  breakTunnel(tunnel: number, code: ErrorCode): void {
    for (const stream of [...this.#streams.values()].filter((each) => each.tunnel === tunnel)) {
      this.#guard(() => {
        stream.reset(code);
        stream.handler.onReset({ code, delivered: -1 });
      });
    }
  }

  control(message: ControlMessage): void {
    if (this.#reason === undefined) this.sender.control(encodeControl(message));
  }

  /** Sends a PING, whose answer comes as `onPong`. */
  ping(): void {
    this.#ping(true);
  }

  #ping(isBeat: boolean): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#pings >>> 0, 4);
    this.#pingAt = this.#port.now();
    // One that measures may take the place of a heartbeat that is not answered yet: then it is one, too.
    this.#pingIsBeat = isBeat || (this.#pingIsBeat && this.#unansweredAt >= 0);
    if (this.#unansweredAt < 0) this.#unansweredAt = this.#pingAt;
    this.#pingClean = this.sender.inFlight.bytes === 0;
    this.sender.ping(payload);
  }

  /** Announces that this side opens and accepts no more streams. */
  goAway(code: ErrorCode, retryAfter = 0, reason: string = ERRORS[code].message): void {
    if (this.#reason !== undefined || this.#goneAway) return;
    this.#goneAway = true;
    this.sender.goAway(ERRORS[code].number, retryAfter, reason);
  }

  /** Ends the session: what is queued for this turn still leaves, and nothing that arrives is heard any more. Can be called twice. */
  close(reason: TunnelError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#guard(() => this.sender.flush());
    this.#loseStreams();
    const { number } = ERRORS[reason.code];
    if (reason.code === "PN_CLOSED") this.#transport.close(NORMAL_CLOSURE, "");
    else this.#transport.close(4000 + number, reason.code);
  }

  /** The peer is gone, and hears no closing handshake. */
  lose(reason: TunnelError): void {
    this.#reason ??= reason;
    this.#transport.terminate();
  }

  /** Heartbeats and stalls: call it about once a second. */
  tick(): void {
    if (this.#closed) return;
    const now = this.#port.now();
    const beat = this.#heartbeat.beat(now);
    // What waits in the socket is read before anybody is given up: a process that was suspended finds its timers due first.
    const isLost = (): boolean => this.#heartbeat.silent || this.#isUnheard(now);
    if (isLost()) this.#port.schedule(() => isLost() && this.lose(new TunnelError("PN_HEARTBEAT_LOST")));
    if (beat === "ping") this.ping();
    else if (this.sender.inFlight.shouldMeasure(now)) this.#ping(false);
  }

  /** Whether nothing proves that the peer receives what we send: for long neither an answer to a PING nor an acknowledgement has come. */
  #isUnheard(now: number): boolean {
    const { bytes, progressAt, ackedAt } = this.sender.inFlight;
    if (bytes > 0 && now - progressAt > this.limits.stall) return true;
    if (this.#unansweredAt < 0) return false;
    const { heartbeat } = this.limits;
    const isOld = now - Math.max(this.#answeredAt, ackedAt) >= ANSWER_AGE * heartbeat;
    return isOld && now - Math.max(this.#unansweredAt, ackedAt) >= Math.max(PING_AGE * heartbeat, LEAST_PING_AGE);
  }

  // ---- what the transport tells

  onMessage(piece: Buffer, last: boolean): void {
    if (this.#reason !== undefined) return;
    this.#heartbeat.heard();
    this.sender.heardAt = this.#port.now();
    try {
      const { bytes, ackNow } = this.#reader.read(piece, this);
      this.sender.received += bytes;
      if (last) this.#reader.end();
      if (this.#transport.buffered > MOST_UNREAD) throw new TunnelError("PN_PROTOCOL", "answers are not read");
      if (!ackNow) return;
      this.sender.ackNow = true;
      this.sender.schedule();
    } catch (error) {
      this.#fail(error);
    }
  }

  onDrain(): void {
    this.#guard(() => this.sender.flush());
  }

  onClose(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reason ??=
      (code === NORMAL_CLOSURE ? new TunnelError("PN_CLOSED") : undefined) ??
      (code > 4000
        ? new TunnelError(errorCode(code - 4000))
        : new TunnelError("PN_SESSION_LOST", reason || `code ${code}`));
    this.#loseStreams();
    this.handler.onClose(this.#reason);
  }

  // ---- what the frames tell; the owner may close while it hears of one, and then hears of no other

  onData(id: number, flags: number, payload: Buffer): void {
    const stream = this.#find(id);
    if (stream !== undefined && !stream.receiveData(flags, payload)) throw new TunnelError("PN_FLOW_CONTROL");
  }

  onWindow(id: number, limit: number): void {
    this.#find(id)?.receiveWindow(limit);
  }

  onFin(id: number, delivered: number): void {
    this.#find(id)?.receiveFin(delivered);
  }

  onReset(id: number, error: number, delivered: number): void {
    this.#find(id)?.receiveReset(error, delivered);
  }

  onOpen(id: number, flags: number, tunnel: number, window: number): void {
    if (this.#reason !== undefined) return;
    if (this.#isOurs(id) || id <= this.#peerId) throw new TunnelError("PN_PROTOCOL", `stream ${id} cannot be opened`);
    this.#peerId = id;
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.sender.reset({ id }, ERRORS[refusal].number, 0);
    const stream = new Stream(id, tunnel, window, new ReceiveWindow(false, this.limits, this.#pool), this);
    this.#streams.set(id, stream);
    this.handler.onStream(stream, (flags & Flag.PROBE) !== 0);
  }

  onControl(json: Buffer): void {
    if (this.#reason !== undefined) return;
    const message = decodeControl(json);
    if (typeof message !== "string") return this.handler.onControl(message);
    const { retryable, message: text } = ERRORS.PN_CONTROL_UNKNOWN;
    this.control({ type: "error", code: "PN_CONTROL_UNKNOWN", message: text, retryable });
  }

  onPing(payload: Buffer): void {
    this.sender.pong(payload);
  }

  onPong(payload: Buffer, clock: number): void {
    if (this.#reason !== undefined) return;
    this.#unansweredAt = -1;
    this.#answeredAt = this.#port.now();
    if (this.#pingAt < 0 || payload.readUInt32BE(4) !== this.#pings >>> 0) return;
    const now = this.#port.now();
    const roundTrip = now - this.#pingAt;
    this.sender.inFlight.measured(this.#pingAt, clock, this.#pingClean, now);
    this.#pingAt = -1;
    this.sender.schedule();
    if (this.#pingIsBeat) this.handler.onPong(roundTrip);
  }

  onGoAway(error: number, retryAfter: number, reason: string): void {
    if (this.#reason !== undefined) return;
    this.#goneAway = true;
    this.handler.onGoAway(errorCode(error), retryAfter, reason);
  }

  onAck(received: number, clock: number): void {
    const now = this.#port.now();
    if (!this.sender.inFlight.acknowledge(received, clock, now))
      throw new TunnelError("PN_PROTOCOL", "an ACK is out of range");
    this.sender.schedule();
    if (this.sender.inFlight.shouldMeasure(now)) this.#ping(false);
  }

  // ---- what streams tell

  forget(stream: Stream): void {
    this.#streams.delete(stream.id);
    if (this.#streams.size === 0) this.handler.onStreamsOver();
  }

  #isOurs(id: number): boolean {
    return (id & 1) === (this.#role === "server" ? 1 : 0);
  }

  /** The open stream `id`; undefined when it is over already. */
  #find(id: number): Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined && (this.#isOurs(id) ? id >= this.#nextId : id > this.#peerId)) {
      throw new TunnelError("PN_PROTOCOL", `stream ${id} was never opened`);
    }
    return stream;
  }

  #refusal(): ErrorCode | undefined {
    if (this.#role === "server") return "PN_UNSUPPORTED";
    if (this.#goneAway) return "PN_DRAINING";
    if (this.full) return "PN_STREAM_LIMIT";
    return undefined;
  }

  #loseStreams(): void {
    this.sender.close();
    for (const stream of this.#streams.values()) {
      this.#guard(() => stream.lose({ code: "PN_SESSION_LOST", delivered: -1 }));
    }
  }

  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A peer that breaks the protocol, or a fault of ours while reading, ends this session and nothing else. */
  #fail(error: unknown): void {
    this.close(error instanceof TunnelError ? error : new TunnelError("PN_INTERNAL", String(error)));
  }
}
