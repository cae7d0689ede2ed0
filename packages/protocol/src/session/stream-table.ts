import { TunnelError } from "../errors.js";
import type { Limits } from "../limits.js";
import { IdIndex } from "./id-index.js";
import { MultiplexedStream, type StreamOwner } from "./multiplexed-stream.js";
import { ReceiveWindow } from "./receive-window.js";
import type { Sender } from "./sender.js";
import { WindowPool } from "./window-pool.js";

/** Stream ids fit into 32 bits. */
const LAST_ID = 0xffff_ffff;

/** The session of a stream table. */
export interface StreamTableOwner {
  /** The last open stream is over. */
  onStreamsOver(): void;
}

/** The open streams of a session and the ids used so far: PROTOCOL.md, section 5. */
export class StreamTable implements StreamOwner {
  readonly #limits: Limits;
  readonly #sender: Sender;
  readonly #owner: StreamTableOwner;
  readonly #pool: WindowPool;
  readonly #streams = new IdIndex<MultiplexedStream>();
  /** The lowest bit of our own ids. */
  readonly #parity: number;
  #nextId: number;
  /** The highest id that the peer has opened. */
  #peerId: number;

  constructor(role: "server" | "client", limits: Limits, sender: Sender, owner: StreamTableOwner) {
    this.#limits = limits;
    this.#sender = sender;
    this.#owner = owner;
    this.#pool = new WindowPool(limits.sessionWindow);
    this.#parity = role === "server" ? 1 : 0;
    this.#nextId = role === "server" ? 1 : 2;
    this.#peerId = role === "server" ? 0 : -1;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Bytes received and not consumed yet, also of streams that are over. */
  get unconsumed(): number {
    return this.#pool.unconsumed;
  }

  /** Whether all ids for our streams are used. */
  get exhausted(): boolean {
    return this.#nextId > LAST_ID;
  }

  /** The streams that are open now. */
  all(): MultiplexedStream[] {
    return this.#streams.all();
  }

  /** Adds a stream that this side opens, with the next id. */
  open(tunnel: number, isPaced: boolean): MultiplexedStream {
    const id = this.#nextId;
    this.#nextId += 2;
    return this.#add(id, tunnel, this.#limits.guaranteedWindow, !isPaced);
  }

  /**
   * Marks `id` as opened by the peer.
   * @throws TunnelError PN_PROTOCOL when the id is one of ours, or not above all earlier ones.
   */
  use(id: number): void {
    if (this.#isOurs(id) || id <= this.#peerId) throw new TunnelError("PN_PROTOCOL", `stream ${id} cannot be opened`);
    this.#peerId = id;
  }

  /** Adds a stream that the peer opened. `sendLimit` is the peer's receive window. */
  accept(id: number, tunnel: number, sendLimit: number): MultiplexedStream {
    return this.#add(id, tunnel, sendLimit, false);
  }

  /**
   * The open stream `id`; undefined when it is already closed.
   * @throws TunnelError PN_PROTOCOL when it was never opened.
   */
  find(id: number): MultiplexedStream | undefined {
    const stream = this.#streams.find(id);
    if (stream === undefined && (this.#isOurs(id) ? id >= this.#nextId : id > this.#peerId)) {
      throw new TunnelError("PN_PROTOCOL", `stream ${id} was never opened`);
    }
    return stream;
  }

  forget(stream: MultiplexedStream): void {
    this.#streams.remove(stream.id);
    if (this.#streams.size === 0) this.#owner.onStreamsOver();
  }

  #add(id: number, tunnel: number, sendLimit: number, startsLarge: boolean): MultiplexedStream {
    const window = new ReceiveWindow(startsLarge, this.#limits, this.#pool);
    const stream = new MultiplexedStream(id, tunnel, sendLimit, window, this.#sender, this);
    this.#streams.add(stream);
    return stream;
  }

  #isOurs(id: number): boolean {
    return (id & 1) === this.#parity;
  }
}
