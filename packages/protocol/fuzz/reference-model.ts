import type { Input } from "./input.ts";

/** `lives`: the session must continue; `ends`: it must end; `either`: both are allowed. */
export type Verdict = "lives" | "ends" | "either";

/** Messages with a limited rate that may arrive at once. */
const BURST = 256;

/** A naive implementation of the rules of PROTOCOL.md for the frames of a peer. */
export class ReferenceModel {
  readonly #own: number;
  /** Whether the session consumes nothing, so that its windows never grow. */
  readonly #stalled: boolean;
  /** The highest id that each side has opened. */
  readonly #highest = { own: 0, peer: 0 };
  /** By id: the bytes that the peer has sent, and the bytes that it may certainly send. */
  readonly #open = new Map<number, { received: number; granted: number; ended: boolean }>();
  #acked = 0;
  /** Whether the peer is draining, so that the session refuses streams that the peer opens. */
  #draining = false;
  /** Messages whose rate is limited. */
  #controls = 0;

  constructor(role: Input["role"], stalled: boolean) {
    this.#own = role === "server" ? 1 : 0;
    this.#stalled = stalled;
  }

  /** The session opened a stream. */
  opened(id: number, window: number): void {
    this.#highest.own = id;
    this.#open.set(id, { received: 0, granted: window, ended: false });
  }

  /** The stream is closed. Later frames of it are ignored. */
  over(id: number): void {
    this.#open.delete(id);
  }

  goAway(): Verdict {
    this.#draining = true;
    return this.control();
  }

  /** A message whose rate is limited. The limit depends on the time. */
  control(): Verdict {
    return ++this.#controls > BURST ? "either" : "lives";
  }

  ack(received: number, sent: number): Verdict {
    if (received > sent || received < this.#acked) return "ends";
    this.#acked = received;
    return "lives";
  }

  open(id: number): Verdict {
    if ((id & 1) === this.#own || id <= this.#highest.peer) return "ends";
    this.#highest.peer = id;
    if (this.#own === 1) return this.control();
    if (!this.#draining) this.#open.set(id, { received: 0, granted: 16 * 1024, ended: false });
    return "lives";
  }

  data(id: number, bytes: number): Verdict {
    const state = this.#open.get(id);
    if (state === undefined) return this.ofStream(id);
    state.received += bytes;
    if (state.ended) return "ends";
    if (state.received <= state.granted) return "lives";
    return this.#stalled ? "ends" : "either";
  }

  fin(id: number): Verdict {
    const state = this.#open.get(id);
    if (state !== undefined) state.ended = true;
    return this.ofStream(id);
  }

  /** Any frame of stream `id`: a violation if the stream was never opened, ignored if it is closed. */
  ofStream(id: number): Verdict {
    const own = (id & 1) === this.#own;
    return id > (own ? this.#highest.own : this.#highest.peer) ? "ends" : "lives";
  }
}
