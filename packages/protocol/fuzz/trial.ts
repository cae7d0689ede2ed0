import { FrameReader, type FrameHandler } from "../dist/wire/frame-reader.js";
import { DEFAULT_LIMITS } from "../dist/limits.js";
import type { MultiplexedStream as Stream } from "../dist/session/multiplexed-stream.js";
import type { SessionHandler } from "../dist/session/session-handler.js";
import { Session } from "../dist/session/session.js";
import type { Transport, TransportHandler } from "../dist/transport.js";
import { twinRead } from "../src/wire/wire-twin.suite.ts";
import { Manner, type Input } from "./input.ts";
import { PlainReading, type Verdict } from "./plain-reading.ts";
import { SentFrames } from "./sent-frames.ts";

const WRITTEN = Buffer.alloc(30_000, "w");
/** The most that a stream's owner writes, and so the most that its queue may hold. */
const MOST_QUEUED = 1_000_000;
const PING = Buffer.from("02000008000000000000000000000001", "hex");

/**
 * Tries `input`. Returns its outcome.
 * @throws Error when the reader or the session violates PROTOCOL.md.
 */
export function tryInput(input: Input): string {
  for (const message of input.messages) checkReader(message, piecesOf(message, input.manners));
  return new SessionTrial(input).run();
}

/** Compares the reader with the naive one, which reads whole messages only. */
function checkReader(message: Buffer, pieces: Buffer[]): void {
  const heard: unknown[][] = [];
  let pending = "";
  const { frames, refused, bytes, ackNow } = twinRead(message);
  const handler: FrameHandler = {
    onControl: (json) => heard.push(["CONTROL", 0, json.toString("utf8")]),
    onPing: (payload) => heard.push(["PING", 0, payload.toString("hex")]),
    onPong: (payload, clock) => heard.push(["PONG", 0, payload.toString("hex"), clock]),
    onGoAway: (error, retryAfter, reason) => heard.push(["GOAWAY", 0, error, retryAfter, reason]),
    onAck: (received, clock) => heard.push(["ACK", 0, received, clock]),
    onOpen: (stream, flags, tunnel, window) => heard.push(["OPEN", stream, flags, tunnel, window]),
    onData: (stream, flags, payload) => {
      // The naive reader knows where a frame that arrives in pieces ends.
      const whole = frames[heard.length] as { data?: string } | undefined;
      pending += payload.toString("hex");
      if (whole?.data === undefined || pending.length < whole.data.length) return;
      heard.push(["DATA", stream, flags, pending]);
      pending = "";
    },
    onWindow: (stream, limit) => heard.push(["WINDOW", stream, limit]),
    onFin: (stream, delivered) => heard.push(["FIN", stream, delivered]),
    onReset: (stream, error, delivered) => heard.push(["RESET", stream, error, delivered]),
  };
  const reader = new FrameReader();
  let counted: unknown = "refused";
  try {
    const sums = pieces.map((piece) => reader.read(piece, handler));
    reader.end();
    counted = [sums.reduce((sum, one) => sum + one.bytes, 0), sums.some((one) => one.ackNow)];
  } catch (error) {
    if ((error as { code?: unknown }).code !== "PN_PROTOCOL") throw error;
  }
  const meant = JSON.stringify([frames.map((frame) => Object.values(frame)), refused ? "refused" : [bytes, ackNow]]);
  if (JSON.stringify([heard, counted]) !== meant) throw new Error("the reader reports other frames than the naive one");
}

/** `message` whole, or in pieces whose lengths depend on its bytes. */
function piecesOf(message: Buffer, manners: number): Buffer[] {
  if (!(manners & Manner.CUT)) return [message];
  const length = 1 + ((message[message.length >> 1] as number) % 41);
  return Array.from({ length: Math.ceil(message.length / length) }, (_, index) =>
    message.subarray(index * length, (index + 1) * length),
  );
}

/** The only limit that the naive reader does not check. */
function isTooLong(frame: { text?: string }): boolean {
  return Buffer.byteLength(frame.text ?? "") > DEFAULT_LIMITS.control;
}

class SessionTrial implements SessionHandler, Transport {
  handler: TransportHandler = { onMessage() {}, onDrain() {}, onClose() {} };
  readonly buffered = 0;
  readonly #input: Input;
  readonly #reading: PlainReading;
  readonly #sent = new SentFrames();
  readonly #session: Session;
  readonly #streams: Stream[] = [];
  #now = 0;
  #turn: (() => void)[] = [];
  /** The code with which the session closed its transport; empty while it is open. */
  #code = "";
  #closes = 0;
  /** Whether the session may continue after the current message. */
  #verdict: Verdict = "lives";
  #fault: Error | undefined;

  constructor(input: Input) {
    this.#input = input;
    this.#reading = new PlainReading(input.role, (input.manners & Manner.STALL) !== 0);
    this.#session = new Session({ role: input.role, transport: this, now: () => this.#now, schedule: (task) => this.#turn.push(task) }, this); // prettier-ignore
    this.#listen();
  }

  /** Runs the trial. Returns its outcome: role, code and the types of frames sent. */
  run(): string {
    const { role, manners, messages } = this.#input;
    for (let opened = 0; role === "server" && manners & Manner.OPEN && opened < 3; opened++) {
      const stream = this.#session.open(7) as Stream;
      this.#reading.opened(stream.id, stream.window.limit);
      this.onStream(stream);
    }
    this.#endTurn();
    for (const message of messages) if (!this.#sent.closed) this.#message(message);
    const code = this.#code;
    this.#afterwards();
    return `${role} ${code} ${[...this.#sent.types].toSorted().join(" ")}`;
  }

  /**
   * The session is its own frame handler: each frame is judged first, and then compared with the reaction of the
   * session.
   */
  #listen(): void {
    const session = this.#session;
    const reading = this.#reading;
    this.#judged("onOpen", (id) => {
      this.#sent.granted(id, 0);
      return reading.open(id);
    });
    this.#judged("onData", (id, _flags, payload) => reading.data(id, payload.length));
    this.#judged("onWindow", (id) => reading.ofStream(id));
    this.#judged("onFin", (id) => reading.fin(id));
    this.#judged("onReset", (id) => reading.ofStream(id));
    this.#judged("onAck", (received) => reading.ack(received, session.counts.sent));
    this.#judged("onControl", () => "either");
    this.#judged("onGoAway", () => reading.goAway());
    for (const name of ["onPing", "onPong"] as const) this.#judged(name, () => "lives");
  }

  #judged<Name extends keyof FrameHandler>(
    name: Name,
    judge: (...args: Parameters<FrameHandler[Name]>) => Verdict,
  ): void {
    const session = this.#session as FrameHandler;
    const real = session[name].bind(session) as (...args: Parameters<FrameHandler[Name]>) => void;
    const act = (...args: Parameters<FrameHandler[Name]>): void => {
      const verdict = judge(...args);
      if (verdict !== "lives") this.#verdict = verdict;
      try {
        real(...args);
        if (verdict === "ends") this.#fault ??= new Error(`${name} accepted a violation`);
      } catch (error) {
        if (verdict === "lives") this.#fault ??= new Error(`${name} refused a valid frame`, { cause: error });
        throw error;
      }
    };
    Object.assign(session, { [name]: act });
  }

  #message(message: Buffer): void {
    const { frames, refused, bytes } = twinRead(message);
    for (const frame of frames as { type: string; stream: number; window: number; limit: number }[]) {
      if (frame.type === "OPEN") this.#sent.granted(frame.stream, frame.window);
      if (frame.type === "WINDOW") this.#sent.granted(frame.stream, frame.limit);
    }
    this.#sent.arrived += refused ? message.length : bytes;
    this.#verdict = refused ? "ends" : frames.some(isTooLong) ? "either" : "lives";
    const pieces = piecesOf(message, this.#input.manners);
    pieces.forEach((piece, index) => this.handler.onMessage(piece, index === pieces.length - 1));
    if (this.#fault !== undefined) throw this.#fault;
    const ended = this.#sent.closed;
    if (this.#verdict === "ends" && !ended) throw new Error("the session continues after a violation");
    if (this.#verdict === "lives" && ended) throw new Error(`the session ended with ${this.#code} without a violation`);
    if (this.#code === "PN_INTERNAL") throw new Error("an internal error while reading");
    this.#now += 700;
    this.#session.tick();
    this.#endTurn();
  }

  /** Checks the end: `onClose` is called once, after the end of all streams, and nothing is sent afterwards. */
  #afterwards(): void {
    const use = (): void => {
      this.#session.goAway("PN_DRAINING");
      this.#session.control({ type: "unbind", tunnel: 1 });
      this.#session.ping();
      this.#now += 15_000;
      this.#session.tick();
      this.handler.onDrain();
      this.handler.onMessage(PING, true);
      this.#endTurn();
    };
    use();
    this.handler.onClose(1006, "");
    this.#sent.closed = true;
    if (this.#closes !== 1) throw new Error(`onClose was called ${this.#closes} times`);
    if (this.#session.streams !== 0) throw new Error("streams outlived their session");
    use();
    this.handler.onClose(1006, "");
    if (this.#closes !== 1) throw new Error("onClose was called twice");
    if (this.#fault !== undefined) throw this.#fault;
  }

  #endTurn(): void {
    for (let turns = 0; this.#turn.length > 0; turns++) {
      if (turns > 1_000) throw new Error("an endless turn");
      for (const task of this.#turn.splice(0)) task();
    }
    for (const stream of this.#streams) {
      if (stream.over) this.#reading.over(stream.id);
      if (stream.sendSide.queue.length > MOST_QUEUED) throw new Error("an endless queue");
    }
  }

  // ---- the transport

  send(batch: Buffer, start: number): boolean {
    // The session would treat an error thrown here as its own, and end.
    try {
      this.#sent.message(Buffer.from(batch.subarray(start)));
    } catch (error) {
      this.#fault ??= error as Error;
    }
    // As if the kernel had taken it: the session may use the memory again.
    return true;
  }
  close(_code: number, reason: string): void {
    this.#sent.closed = true;
    this.#code = reason;
  }
  terminate(): void {
    this.#sent.closed = true;
  }

  // ---- the owner

  onStream(stream: Stream): void {
    this.#streams.push(stream);
    const { manners } = this.#input;
    const over = (): void => void (stream.over && this.#reading.over(stream.id));
    stream.handler = {
      onData: (chunk) => {
        if (chunk.length === 0) throw new Error("DATA without bytes");
        if (manners & Manner.RESET) stream.reset();
        if (manners & Manner.ECHO) stream.write(chunk);
        if (!(manners & Manner.STALL)) stream.consumed(chunk.length);
        over();
      },
      onEnd: () => {
        if (manners & Manner.END) stream.end();
        over();
      },
      onReset: over,
      onDrain() {},
    };
    if (manners & Manner.WRITE) stream.write(WRITTEN);
  }
  onControl(): void {}
  onGoAway(): void {}
  onPong(): void {}
  onStreamsOver(): void {}
  onClose(): void {
    this.#closes++;
  }
}
