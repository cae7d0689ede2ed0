import { Batch } from "../wire/batch.js";
import { closeCodeOf, errorOfClose } from "./close-code.js";
import { decodeControl, encodeControl, type ControlMessage } from "../wire/control.js";
import { ERRORS, errorCode, TunnelError, type ErrorCode } from "../errors.js";
import { Flag, FrameType } from "../wire/frame.js";
import { FrameReader, type FrameHandler } from "../wire/frame-reader.js";
import { DEFAULT_LIMITS, WORK_LIMITS, type Limits } from "../limits.js";
import { Liveness } from "./liveness.js";
import { Sender, type SenderPort } from "./sender.js";
import type { SessionHandler } from "./session-handler.js";
import type { Stream } from "./stream.js";
import { streamReset } from "./stream-reset.js";
import { StreamTable, type StreamTableOwner } from "./stream-table.js";
import { TokenBucket } from "../token-bucket.js";
import { TurnBudget } from "./turn-budget.js";
import type { TransportHandler } from "../transport.js";

/**
 * The socket holds more unsent bytes than this only when a peer requests responses and does not read them. Bulk data
 * stops far below this limit.
 */
const MAX_UNREAD = 4 * 1024 * 1024;

/** A control message costs as much as this many other frames. */
const CONTROL_WORK = WORK_LIMITS.framesPerTurn / WORK_LIMITS.controlsPerTurn;

export interface SessionOptions extends SenderPort {
  role: "server" | "client";
  /** Default DEFAULT_LIMITS. Sessions may share them. */
  limits?: Limits;
}

/**
 * One session over one transport: PROTOCOL.md. It performs no input or output: transport, clock and scheduling are
 * passed in, and `tick` replaces timers.
 */
export class Session implements FrameHandler, TransportHandler, StreamTableOwner {
  handler: SessionHandler;
  readonly limits: Limits;
  /** The work that the peer may cause in one turn. Peers with the same budget share it. */
  budget: TurnBudget;

  readonly #port: SenderPort;
  readonly #role: "server" | "client";
  readonly #streams: StreamTable;
  readonly #reader: FrameReader;
  readonly #sender: Sender;
  readonly #liveness: Liveness;
  /** Limits the control messages of the peer. */
  readonly #controlRate: TokenBucket;
  /** Why the session ended or is closing. */
  #reason: TunnelError | undefined;
  #closed = false;
  #draining = false;

  constructor(options: SessionOptions, handler: SessionHandler) {
    this.handler = handler;
    this.limits = options.limits ?? DEFAULT_LIMITS;
    this.#port = options;
    this.#role = options.role;
    this.#reader = new FrameReader(this.limits.control);
    this.#sender = new Sender(options, (error) => this.#fail(error));
    this.#streams = new StreamTable(options.role, this.limits, this.#sender, this);
    const now = options.now();
    this.#liveness = new Liveness(this.limits, this.#sender.congestion, now, options.role);
    this.#controlRate = new TokenBucket(WORK_LIMITS.controlBurst, WORK_LIMITS.controlRate, now);
    this.budget = Session.budget(options.schedule);
    options.transport.handler = this;
  }

  /** A budget for the peer of one session, or for all sessions that it is given to. */
  static budget(schedule: SenderPort["schedule"]): TurnBudget {
    return new TurnBudget(WORK_LIMITS.framesPerTurn, schedule);
  }

  /** Streams open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Whether a stream can be opened now. */
  get available(): boolean {
    return this.#reason === undefined && !this.#draining && !this.full;
  }

  /** Whether either side has sent GOAWAY. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Whether the limit of open streams is reached. */
  get full(): boolean {
    return this.#streams.size >= this.limits.streams;
  }

  /** When anything last arrived, in milliseconds of the clock passed in; 0 before. */
  get receivedAt(): number {
    return this.#sender.receivedAt;
  }

  /** Milliseconds without any new acknowledgement while bytes wait for one; 0 when no bytes wait. */
  get unacknowledgedFor(): number {
    return this.#sender.congestion.unacknowledgedFor(this.#port.now());
  }

  /** Bytes of memory that the session's data occupies here: received and not consumed, or queued to be sent. */
  get held(): number {
    let queued = this.#port.transport.buffered;
    for (const stream of this.#streams.all()) queued += stream.unsent;
    return this.#streams.unconsumed + queued;
  }

  /** Bytes of sequenced frames, headers included: PROTOCOL.md, section 6. */
  get counts(): { sent: number; acknowledged: number; received: number } {
    const { sent, acknowledged } = this.#sender.congestion;
    return { sent, acknowledged, received: this.#sender.received };
  }

  /**
   * Opens a stream for `tunnel`. Check `available` first.
   * @param isPaced whether it begins with the guaranteed window, because its reader limits the rate
   */
  open(tunnel: number, probe = false, isPaced = false): Stream {
    const stream = this.#streams.open(tunnel, isPaced);
    this.#sender.open(stream.id, probe ? Flag.PROBE : 0, tunnel, stream.window.limit);
    if (this.#streams.exhausted) this.goAway("PN_DRAINING");
    return stream;
  }

  /** The tunnels that have open streams. */
  tunnelsInUse(): Set<number> {
    const tunnels = new Set<number>();
    for (const { tunnel } of this.#streams.all()) tunnels.add(tunnel);
    return tunnels;
  }

  /** Resets every stream of `tunnels`, and reports the reset to the peer and to the stream's handler. */
  breakTunnels(tunnels: ReadonlySet<number>, code: ErrorCode): void {
    for (const stream of [...this.#streams.all()].filter(({ tunnel }) => tunnels.has(tunnel))) {
      this.#guard(() => {
        stream.reset(code);
        stream.handler.onReset(streamReset(code, -1));
      });
    }
  }

  /** Reports to the handlers of the streams of `tunnel` that the peer may be cut off. */
  suspect(tunnel: number): void {
    // Handlers may open and reset streams.
    for (const stream of [...this.#streams.all()].filter((each) => each.tunnel === tunnel))
      if (!stream.over) this.#guard(() => stream.handler.onSuspect?.());
  }

  control(message: ControlMessage): void {
    if (this.#reason === undefined) this.#sender.control(encodeControl(message));
  }

  /** Sends a PING, unless a recent one is unanswered; the PONG is reported to `onPong`. */
  ping(): void {
    if (!this.#liveness.isPinging(this.#port.now())) this.#ping(true);
  }

  /** Announces that this side opens and accepts no more streams. `retryAfter` in milliseconds; 0: no hint. */
  goAway(code: ErrorCode, retryAfter = 0, reason: string = ERRORS[code].message): void {
    if (this.#reason !== undefined || this.#draining) return;
    this.#draining = true;
    this.#sender.goAway(ERRORS[code].number, retryAfter, reason);
  }

  /**
   * Ends the session with a closing handshake. Frames queued in this turn are still sent; arriving frames are ignored.
   * Can be called twice.
   */
  close(reason: TunnelError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#guard(() => this.#sender.flush());
    this.#abortStreams();
    this.#port.transport.close(closeCodeOf(reason), reason.code === "PN_CLOSED" ? "" : reason.code);
  }

  /** Ends the session without a closing handshake, because the peer is gone. */
  abort(reason: TunnelError): void {
    this.#reason ??= reason;
    this.#port.transport.terminate();
  }

  /** Sends heartbeats and aborts a lost session. Call it about once a second. */
  tick(): void {
    if (this.#closed) return;
    const now = this.#port.now();
    const beat = this.#liveness.beat(now);
    // Timers of a process that was suspended fire before it reads its sockets, so the peer is checked again after
    // reading.
    const isLost = (): boolean => this.#liveness.isLost(now);
    if (isLost()) this.#port.schedule(() => isLost() && this.abort(new TunnelError("PN_HEARTBEAT_LOST")));
    if (beat === "ping") this.#ping(true);
    else if (this.#sender.congestion.shouldMeasure(now)) this.#ping(false);
  }

  // ---- TransportHandler

  get isBusy(): boolean {
    return this.#reason === undefined && this.budget.isSpent;
  }

  onMessage(piece: Buffer, last: boolean): number {
    if (this.#reason !== undefined) return piece.length;
    this.#liveness.received();
    this.#sender.receivedAt = this.#port.now();
    this.budget.spend(1);
    try {
      const { read, bytes, ackNow } = this.#reader.read(piece, this);
      this.#sender.received += bytes;
      if (last && read === piece.length) this.#reader.end();
      if (this.#port.transport.buffered > MAX_UNREAD) throw new TunnelError("PN_PROTOCOL", "responses are not read");
      if (!ackNow) return read;
      this.#sender.ackNow = true;
      this.#sender.schedule();
      return read;
    } catch (error) {
      this.#fail(error);
      return piece.length;
    }
  }

  onPaused(): void {
    this.budget.wait(() => this.#port.transport.resume());
  }

  onControlFrame(): void {
    if (this.#reason !== undefined) return;
    this.budget.spend(CONTROL_WORK);
    this.#guard(() => this.#countControl());
  }

  onSent(batch: Buffer): void {
    Batch.recycle(batch);
  }

  onDrain(): void {
    this.#guard(() => this.#sender.drained());
  }

  onClose(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reason ??= errorOfClose(code, reason);
    this.#abortStreams();
    this.handler.onClose(this.#reason);
  }

  // ---- FrameHandler; after the owner has closed the session in one of its own callbacks, no others are called

  admits(type: number): boolean {
    if (this.budget.isSpent) return false;
    const isControl = type === FrameType.CONTROL || type === FrameType.PING || type === FrameType.GOAWAY;
    this.budget.spend(isControl ? CONTROL_WORK : 1);
    return true;
  }

  onData(id: number, flags: number, payload: Buffer): void {
    const stream = this.#streams.find(id);
    if (stream !== undefined && !stream.receiveData(flags, payload)) throw new TunnelError("PN_FLOW_CONTROL");
  }

  onWindow(id: number, limit: number): void {
    this.#streams.find(id)?.receiveWindow(limit);
  }

  onFin(id: number, delivered: number): void {
    this.#streams.find(id)?.receiveFin(delivered);
  }

  onReset(id: number, error: number, delivered: number): void {
    this.#streams.find(id)?.receiveReset(error, delivered);
  }

  onOpen(id: number, flags: number, tunnel: number, window: number): void {
    if (this.#reason !== undefined) return;
    this.#streams.use(id);
    // Each of them is refused.
    if (this.#role === "server") this.#countControl();
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.#sender.reset(id, ERRORS[refusal].number, 0);
    this.handler.onStream(this.#streams.accept(id, tunnel, window), (flags & Flag.PROBE) !== 0);
  }

  onControl(json: Buffer): void {
    if (this.#reason !== undefined) return;
    const message = decodeControl(json);
    // Requests of visitors cause these, and not the peer.
    if (typeof message === "string" || message.type !== "requests") this.#countControl();
    if (typeof message !== "string") return this.handler.onControl(message);
    const { retryable, message: text } = ERRORS.PN_CONTROL_UNKNOWN;
    this.control({ type: "error", code: "PN_CONTROL_UNKNOWN", message: text, retryable });
  }

  onPing(payload: Buffer): void {
    this.#countControl();
    this.#sender.pong(payload);
    if (this.#liveness.joins(this.#sender.receivedAt)) this.#ping(true);
  }

  onPong(payload: Buffer, clock: number): void {
    if (this.#reason !== undefined) return;
    const now = this.#port.now();
    const ping = this.#liveness.pong(payload, now);
    if (ping === undefined) return;
    this.#sender.congestion.measured(ping.sentAt, clock, ping.pathIdle, now);
    this.#sender.schedule();
    if (ping.isHeartbeat) this.handler.onPong(now - ping.sentAt);
  }

  onGoAway(error: number, retryAfter: number, reason: string): void {
    if (this.#reason !== undefined) return;
    this.#countControl();
    this.#draining = true;
    this.handler.onGoAway(errorCode(error), retryAfter, reason);
  }

  onAck(received: number, clock: number): void {
    const now = this.#port.now();
    if (!this.#sender.congestion.acknowledge(received, clock, now)) {
      throw new TunnelError("PN_PROTOCOL", "an ACK is out of range");
    }
    this.#sender.schedule();
    if (this.#sender.congestion.shouldMeasure(now)) this.#ping(false);
  }

  // ---- StreamTableOwner

  onStreamsOver(): void {
    this.handler.onStreamsOver();
  }

  // ---- internals

  /** Counts a message that the peer may send only at a limited rate: PROTOCOL.md, section 4. */
  #countControl(): void {
    if (!this.#controlRate.take(this.#port.now())) throw new TunnelError("PN_CONTROL_RATE");
  }

  #ping(isHeartbeat: boolean): void {
    this.#sender.ping(this.#liveness.ping(this.#port.now(), isHeartbeat));
  }

  #refusal(): ErrorCode | undefined {
    if (this.#role === "server") return "PN_UNSUPPORTED";
    if (this.#draining) return "PN_DRAINING";
    return this.full ? "PN_STREAM_LIMIT" : undefined;
  }

  #abortStreams(): void {
    this.#sender.close();
    for (const stream of this.#streams.all()) {
      this.#guard(() => stream.abort(streamReset("PN_SESSION_LOST", -1)));
    }
  }

  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A protocol violation, or an error thrown on this side, ends only this session. */
  #fail(error: unknown): void {
    this.close(error instanceof TunnelError ? error : new TunnelError("PN_INTERNAL", String(error)));
  }
}
