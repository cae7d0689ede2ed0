import { twinRead } from "../src/wire/wire-twin.suite.ts";

type Frame = Record<string, number | string> & { type: string; stream: number };

/** Largest message that the other side accepts. */
const MOST = 1024 * 1024;

/** Checks what a session sends, as a strict peer would. */
export class SentFrames {
  readonly #streams = new Map<number, { sent: number; granted: number; over: boolean; ended: boolean }>();
  #acked = 0;
  /** Bytes of sequenced frames that reached the session. */
  arrived = 0;
  /** The types of frames sent so far. */
  readonly types = new Set<string>();
  /** The session has closed its transport: nothing may follow. */
  closed = false;

  /** The peer lets the session send up to `limit` on `stream`. */
  granted(stream: number, limit: number): void {
    const state = this.#streams.get(stream) ?? { sent: 0, granted: 0, over: false, ended: false };
    state.granted = Math.max(state.granted, limit);
    this.#streams.set(stream, state);
  }

  message(message: Buffer): void {
    if (this.closed) throw new Error("a message was sent after close");
    if (message.length > MOST) throw new Error(`a message of ${message.length} bytes was sent`);
    const { frames, refused } = twinRead(message);
    if (refused) throw new Error("a message was sent that no peer accepts");
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
      if (type !== "RESET") throw new Error(`${type} of a stream that nobody opened`);
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
