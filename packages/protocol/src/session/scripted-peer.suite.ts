import { Batch } from "../wire/batch.js";
import { read, taken, write, type WrittenFrame } from "../wire/frame-record.suite.js";
import { DEFAULT_LIMITS, type Limits } from "../limits.js";
import { Session } from "./session.js";
import { SessionRecord } from "./session-pair.suite.js";
import { SimulatedLink, VirtualClock, type LinkEnd, type LinkOptions } from "./simulated-link.suite.js";

type SentFrame = Record<string, unknown> & { type: WrittenFrame["type"]; stream: number };

/** A real session with a peer that the test scripts frame by frame. The peer may violate the protocol. */
export class ScriptedPeer {
  readonly clock = new VirtualClock();
  readonly link: SimulatedLink;
  readonly record = new SessionRecord();
  readonly session: Session;
  readonly transport: LinkEnd;
  /** The frames that the session sent, and the number of messages. */
  readonly frames: SentFrame[] = [];
  messages = 0;
  /** The longest message, in bytes. */
  longest = 0;

  constructor(role: "server" | "client", limits: Partial<Limits> = {}, link: LinkOptions = {}) {
    this.link = new SimulatedLink(this.clock, link);
    this.transport = this.link[role];
    this.transport.onSend = (message) => {
      this.messages++;
      this.longest = Math.max(this.longest, message.length);
      this.frames.push(...(read(message).frames as SentFrame[]));
    };
    const { now, turn: schedule } = this.clock;
    const all = { ...DEFAULT_LIMITS, ...limits };
    this.session = new Session({ role, transport: this.transport, now, schedule, limits: all }, this.record);
  }

  /** Sends `frames` to the session in one message and lets it respond. */
  sends(...frames: ({ type: WrittenFrame["type"] } & Record<string, unknown>)[]): void {
    const batch = new Batch();
    for (const frame of frames) write(batch, { flags: 0, stream: 0, clock: 0, ...frame } as WrittenFrame);
    this.transport.deliver(taken(batch), true);
    this.clock.run(0);
  }

  /** Opens a stream whose peer accepts `window` bytes. */
  opens(stream: number, window = 262_144, flags = 0): void {
    this.sends({ type: "OPEN", flags, stream, tunnel: 7, window });
  }

  sent(type: WrittenFrame["type"], stream?: number): SentFrame[] {
    return this.frames.filter((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** The types of the frames sent on `stream`, in order. */
  typesOn(stream: number): string[] {
    return this.frames.filter((frame) => frame.stream === stream).map(({ type }) => type);
  }
}
