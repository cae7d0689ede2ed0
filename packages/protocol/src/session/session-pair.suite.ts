import type { ControlMessage } from "../wire/control.js";
import type { ErrorCode, TunnelError } from "../errors.js";
import { DEFAULT_LIMITS, type Limits } from "../limits.js";
import type { MultiplexedStream } from "./multiplexed-stream.js";
import type { SessionHandler } from "./session-handler.js";
import { Session } from "./session.js";
import { SimulatedLink, VirtualClock, type LinkOptions } from "./simulated-link.suite.js";
import type { StreamReset } from "./stream-reset.js";
import type { Stream, StreamHandler } from "./stream.js";

/** A session's owner that records all events. */
export class SessionRecord implements SessionHandler {
  readonly streams: MultiplexedStream[] = [];
  readonly probes: boolean[] = [];
  readonly controls: ControlMessage[] = [];
  readonly goAways: { code: ErrorCode; retryAfter: number; reason: string }[] = [];
  readonly roundTrips: number[] = [];
  closed: TunnelError | undefined;
  streamsOver = 0;
  /** Called with each stream that the peer opens. */
  accept: (stream: MultiplexedStream) => void = () => {};

  onStream(stream: MultiplexedStream, probe: boolean): void {
    this.streams.push(stream);
    this.probes.push(probe);
    this.accept(stream);
  }
  onControl(message: ControlMessage): void {
    this.controls.push(message);
  }
  onGoAway(code: ErrorCode, retryAfter: number, reason: string): void {
    this.goAways.push({ code, retryAfter, reason });
  }
  onPong(roundTrip: number): void {
    this.roundTrips.push(roundTrip);
  }
  onStreamsOver(): void {
    this.streamsOver++;
  }
  onClose(reason: TunnelError): void {
    if (this.closed !== undefined) throw new Error("onClose twice");
    this.closed = reason;
  }
}

export interface Side {
  session: Session;
  record: SessionRecord;
}

/** A server session and a client session with a link between them. */
export class SessionPair {
  readonly clock: VirtualClock;
  readonly link: SimulatedLink;
  readonly server: Side;
  readonly client: Side;

  constructor(options: LinkOptions & { limits?: Partial<Limits>; start?: number } = {}) {
    this.clock = new VirtualClock(options.start);
    this.link = new SimulatedLink(this.clock, options);
    const side = (role: "server" | "client"): Side => {
      const record = new SessionRecord();
      const { now, turn: schedule } = this.clock;
      const limits = { ...DEFAULT_LIMITS, ...options.limits };
      return { record, session: new Session({ role, transport: this.link[role], now, schedule, limits }, record) };
    };
    this.server = side("server");
    this.client = side("client");
  }

  /** Calls `tick` on both sides regularly, as their owners must. */
  tick(interval = 1_000): void {
    this.clock.every(interval, () => {
      this.server.session.tick();
      this.client.session.tick();
    });
  }
}

/** Counts what arrives on a stream and consumes it at once. */
export class Received implements StreamHandler {
  bytes = 0;
  ended = false;
  reset: StreamReset | undefined;
  onBytes: (bytes: number) => unknown = () => {};
  readonly stream: MultiplexedStream;

  constructor(stream: Stream) {
    this.stream = stream as MultiplexedStream;
    stream.handler = this;
  }
  onData(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.stream.consumed(chunk.length);
    this.onBytes(this.bytes);
  }
  onEnd(): void {
    this.ended = true;
  }
  onReset(reason: StreamReset): void {
    this.reset = reason;
  }
  onDrain(): void {}
}

const CHUNK = Buffer.alloc(64 * 1024, "b");

/** Writes endlessly as much as the stream accepts, like a socket that is paused until `onDrain`. */
export class Bulk extends Received {
  constructor(stream: Stream) {
    super(stream);
    this.onDrain();
  }
  override onDrain(): void {
    while (!this.stream.over && this.stream.write(CHUNK));
  }
}
