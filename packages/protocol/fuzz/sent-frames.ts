import { twinRead } from "../src/wire/wire-twin.suite.ts";

type Frame = Record<string, number | string> & { type: string; stream: number };

/** The largest message that a peer accepts. */
const MAX_MESSAGE = 1024 * 1024;

/** Checks the frames of a session like a strict peer. */
export class SentFrames {
  readonly #streams = new Map<number, { sent: number; granted: number; over: boolean; ended: boolean }>();
  #acked = 0;
  /** Bytes of sequenced frames that the session received. */
  arrived = 0;
  /** The types of the frames sent. */
  readonly types = new Set<string>();
  /** Whether the session has closed its transport. No message may follow. */
  closed = false;

  /** The peer allows the session to send up to `limit` on `stream`. */
  granted(stream: number, limit: number): void {
    const state = this.#streams.get(stream) ?? { sent: 0, granted: 0, over: false, ended: false };
    state.granted = Math.max(state.granted, limit);
    this.#streams.set(stream, state);
  }

  message(message: Buffer): void {
    if (this.closed) throw new Error("a message was sent after close");
    if (message.length > MAX_MESSAGE) throw new Error(`a message of ${message.length} bytes was sent`);
    const { frames, refused } = twinRead(message);
    if (refused) throw new Error("an invalid message was sent");
    for (const frame of frames as Frame[]) this.#frame(frame);
  }

  #frame(frame: Frame): void {
    const { type, stream } = frame;
    this.types.add(type);
    if (type === "ACK") {
      const received = frame["received"] as number;
      if (received > this.arrived || received < this.#acked) throw new Error(`ACK of ${received}`);
      this.#acked = received;
    }
    if (stream === 0) return;
    const state = this.#streams.get(stream);
    if (type === "OPEN") return this.granted(stream, 16 * 1024);
    if (state === undefined) {
      if (type !== "RESET") throw new Error(`${type} of a stream that was never opened`);
      return;
    }
    if (state.over) throw new Error(`${type} after RESET`);
    if (type === "RESET") state.over = true;
    if (type === "FIN" || type === "DATA") {
      if (state.ended) throw new Error(`${type} after FIN`);
      state.ended = type === "FIN";
    }
    if (type !== "DATA") return;
    state.sent += (frame["data"] as string).length / 2;
    if (state.sent > state.granted) throw new Error("DATA beyond the window");
  }
}
