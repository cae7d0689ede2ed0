import type { Input } from "./input.ts";

/** `lives`: the session must go on; `ends`: it must end; `either`: it cannot be told from outside. */
export type Verdict = "lives" | "ends" | "either";

/** What PROTOCOL.md says of a peer's frames, one by one, read plainly. */
export class PlainReading {
  readonly #own: number;
  /** Nobody reads: a window never grows. */
  readonly #stalled: boolean;
  /** The highest id that each side has opened. */
  readonly #highest = { own: 0, peer: 0 };
  /** By id: how much the peer has sent, and how much it may at least send. */
  readonly #open = new Map<number, { came: number; granted: number; ended: boolean }>();
  #acked = 0;
  /** The peer drains: what it opens all the same is refused. */
  #draining = false;

  constructor(role: Input["role"], stalled: boolean) {
    this.#own = role === "server" ? 1 : 0;
    this.#stalled = stalled;
  }

  /** The session opened a stream itself. */
  opened(id: number, window: number): void {
    this.#highest.own = id;
    this.#open.set(id, { came: 0, granted: window, ended: false });
  }

  /** The stream is over: its frames are ignored from now on. */
  over(id: number): void {
    this.#open.delete(id);
  }

  goAway(): Verdict {
    this.#draining = true;
    return "lives";
  }

  ack(received: number, sent: number): Verdict {
    if (received > sent || received < this.#acked) return "ends";
    this.#acked = received;
    return "lives";
  }

  open(id: number): Verdict {
    if ((id & 1) === this.#own || id <= this.#highest.peer) return "ends";
    this.#highest.peer = id;
    if (this.#own === 0 && !this.#draining) this.#open.set(id, { came: 0, granted: 16 * 1024, ended: false });
    return "lives";
  }

  data(id: number, bytes: number): Verdict {
    const state = this.#open.get(id);
    if (state === undefined) return this.ofStream(id);
    state.came += bytes;
    if (state.ended) return "ends";
    if (state.came <= state.granted) return "lives";
    return this.#stalled ? "ends" : "either";
  }

  fin(id: number): Verdict {
    const state = this.#open.get(id);
    if (state !== undefined) state.ended = true;
    return this.ofStream(id);
  }

  /** Any frame of stream `id`: one that was never opened is a violation, one that is over is not. */
  ofStream(id: number): Verdict {
    const own = (id & 1) === this.#own;
    return id > (own ? this.#highest.own : this.#highest.peer) ? "ends" : "lives";
  }
}
