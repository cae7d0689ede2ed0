import { FrameReader, type FrameHandler } from "../dist/wire/frame-reader.js";
import { DEFAULT_LIMITS } from "../dist/limits.js";
import type { MultiplexedStream as Stream } from "../dist/session/multiplexed-stream.js";
import type { SessionHandler } from "../dist/session/session-handler.js";
import { Session } from "../dist/session/session.js";
import { NO_SESSION, type Transport } from "../dist/transport.js";
import { twinRead } from "../src/wire/wire-twin.suite.ts";
import { Behaviour, type Input } from "./input.ts";
import { ReferenceModel, type Verdict } from "./reference-model.ts";
import { SentFrames } from "./sent-frames.ts";

const WRITTEN = Buffer.alloc(30_000, "w");
/** The maximum that a stream's owner writes, and so the maximum that its queue may hold. */
const MAX_QUEUED = 1_000_000;
const PING = Buffer.from("02000008000000000000000000000001", "hex");

/**
 * Tries `input`. Returns its outcome.
 * @throws Error when the reader or the session violates PROTOCOL.md.
 */
export function tryInput(input: Input): string {
  for (const message of input.messages) checkReader(message, piecesOf(message, input.behaviour));
  return new SessionTrial(input).run();
}

/** Compares the reader with the naive reader, which reads whole messages only. */
function checkReader(message: Buffer, pieces: Buffer[]): void {
  const reported: unknown[][] = [];
  let pending = "";
  const { frames, refused, bytes, ackNow } = twinRead(message);
  const handler: FrameHandler = {
    admits: () => true,
    onControl: (json) => reported.push(["CONTROL", 0, json.toString("utf8")]),
    onPing: (payload) => reported.push(["PING", 0, payload.toString("hex")]),
    onPong: (payload, clock) => reported.push(["PONG", 0, payload.toString("hex"), clock]),
    onGoAway: (error, retryAfter, reason) => reported.push(["GOAWAY", 0, error, retryAfter, reason]),
    onAck: (received, clock) => reported.push(["ACK", 0, received, clock]),
    onOpen: (stream, flags, tunnel, window) => reported.push(["OPEN", stream, flags, tunnel, window]),
    onData: (stream, flags, payload) => {
      // The naive reader shows where a frame that arrives in pieces ends.
      const whole = frames[reported.length] as { data?: string } | undefined;
      pending += payload.toString("hex");
      if (whole?.data === undefined || pending.length < whole.data.length) return;
      reported.push(["DATA", stream, flags, pending]);
      pending = "";
    },
    onWindow: (stream, limit) => reported.push(["WINDOW", stream, limit]),
    onFin: (stream, delivered) => reported.push(["FIN", stream, delivered]),
    onReset: (stream, error, delivered) => reported.push(["RESET", stream, error, delivered]),
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
  if (JSON.stringify([reported, counted]) !== meant)
    throw new Error("the reader and the naive reader report different frames");
}

/** `message` whole, or in pieces whose lengths depend on its bytes. */
function piecesOf(message: Buffer, behaviour: number): Buffer[] {
  if (!(behaviour & Behaviour.CUT)) return [message];
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
  handler = NO_SESSION;
  readonly buffered = 0;
  readonly #input: Input;
  readonly #model: ReferenceModel;
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
    this.#model = new ReferenceModel(input.role, (input.behaviour & Behaviour.STALL) !== 0);
    this.#session = new Session({ role: input.role, transport: this, now: () => this.#now, schedule: (task) => this.#turn.push(task) }, this); // prettier-ignore
    this.#listen();
  }

  /** Runs the trial. Returns its outcome: the role, the code and the types of the frames sent. */
  run(): string {
    const { role, behaviour, messages } = this.#input;
    for (let opened = 0; role === "server" && behaviour & Behaviour.OPEN && opened < 3; opened++) {
      const stream = this.#session.open(7) as Stream;
      this.#model.opened(stream.id, stream.window.limit);
      this.onStream(stream);
    }
    this.#endTurn();
    for (const message of messages) if (!this.#sent.closed) this.#message(message);
    const code = this.#code;
    this.#afterwards();
    return `${role} ${code} ${[...this.#sent.types].toSorted().join(" ")}`;
  }

  /**
   * Wraps the session's frame handlers: the model judges each frame first, and its verdict is then compared with what
   * the session does.
   */
  #listen(): void {
    const session = this.#session;
    const model = this.#model;
    this.#judged("onOpen", (id) => {
      this.#sent.granted(id, 0);
      return model.open(id);
    });
    this.#judged("onData", (id, _flags, payload) => model.data(id, payload.length));
    this.#judged("onWindow", (id) => model.ofStream(id));
    this.#judged("onFin", (id) => model.fin(id));
    this.#judged("onReset", (id) => model.ofStream(id));
    this.#judged("onAck", (received) => model.ack(received, session.counts.sent));
    this.#judged("onControl", () => "either");
    this.#judged("onGoAway", () => model.goAway());
    this.#judged("onPing", () => model.control());
    this.#judged("onPong", () => "lives");
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
    const pieces = piecesOf(message, this.#input.behaviour);
    pieces.forEach((piece, index) => this.#pass(piece, index === pieces.length - 1));
    if (this.#fault !== undefined) throw this.#fault;
    const ended = this.#sent.closed;
    if (this.#verdict === "ends" && !ended) throw new Error("the session continues after a violation");
    if (this.#verdict === "lives" && ended) throw new Error(`the session ended with ${this.#code} without a violation`);
    if (this.#code === "PN_INTERNAL") throw new Error("an internal error while reading");
    this.#now += 700;
    this.#session.tick();
    this.#endTurn();
  }

  /** Passes a piece to the session, in several turns if it stops reading. */
  #pass(piece: Buffer, last: boolean): void {
    const read = this.handler.onMessage(piece, last);
    if (read === piece.length) return;
    this.handler.onPaused();
    this.#endTurn();
    this.#pass(piece.subarray(read), last);
  }

  /** Checks that `onClose` is called once, after all streams have ended, and that nothing is sent afterwards. */
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
      if (turns > 1_000) throw new Error("the turn of the event loop does not end");
      for (const task of this.#turn.splice(0)) task();
    }
    for (const stream of this.#streams) {
      if (stream.over) this.#model.over(stream.id);
      if (stream.sendSide.queue.length > MAX_QUEUED) throw new Error("the queue grows without a limit");
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
    // Reports the message as taken by the kernel, so the session may reuse the memory.
    return true;
  }
  close(_code: number, reason: string): void {
    this.#sent.closed = true;
    this.#code = reason;
  }
  terminate(): void {
    this.#sent.closed = true;
  }
  resume(): void {}

  // ---- the owner

  onStream(stream: Stream): void {
    this.#streams.push(stream);
    const { behaviour } = this.#input;
    const over = (): void => void (stream.over && this.#model.over(stream.id));
    stream.handler = {
      onData: (chunk) => {
        if (chunk.length === 0) throw new Error("DATA without bytes");
        if (behaviour & Behaviour.RESET) stream.reset();
        if (behaviour & Behaviour.ECHO) stream.write(chunk);
        if (!(behaviour & Behaviour.STALL)) stream.consumed(chunk.length);
        over();
      },
      onEnd: () => {
        if (behaviour & Behaviour.END) stream.end();
        over();
      },
      onReset: over,
      onDrain() {},
    };
    if (behaviour & Behaviour.WRITE) stream.write(WRITTEN);
  }
  onControl(): void {}
  onGoAway(): void {}
  onPong(): void {}
  onStreamsOver(): void {}
  onClose(): void {
    this.#closes++;
  }
}
