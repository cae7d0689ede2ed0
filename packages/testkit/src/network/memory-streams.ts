/** The shape of a stream's handler in `@postern/net`. */
interface Handler {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onReset(reason: { cause: "broken"; delivered: number }): void;
  onDrain(): void;
}

export interface MemoryStreamOptions {
  /** How many bytes may be on the way or not consumed. Default 64 KiB. */
  window?: number;
  /** The largest piece that is delivered. Default: as written. */
  piece?: number;
}

/** While more than this waits, `write` returns false. In bytes. */
const HIGH_WATER = 16 * 1024;
const NOBODY: Handler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** Two ends of a flow-controlled stream in memory, each with the shape of `ByteStream`. */
export function memoryStreams(options: MemoryStreamOptions = {}): [MemoryStream, MemoryStream] {
  const first = new MemoryStream(options);
  const second = new MemoryStream(options);
  first.join(second);
  second.join(first);
  return [first, second];
}

/**
 * One end. What is written arrives at the other in a later microtask, in a buffer that is overwritten with 0xDB after
 * the callback: a reader that keeps bytes without copying them reads garbage.
 */
export class MemoryStream {
  handler: Handler = NOBODY;
  /** Bytes that arrived here, and those for which credit was returned. */
  received = 0;
  credited = 0;
  state: "open" | "ended" | "reset" = "open";
  readonly #window: number;
  readonly #piece: number;
  #peer!: MemoryStream;
  #queue: Buffer[] = [];
  #queued = 0;
  /** Bytes sent for which the peer has returned no credit. */
  #underWay = 0;
  #isBlocked = false;
  #isPumping = false;
  #endSent = false;
  #resetsAfterFlush = false;

  constructor({ window = 64 * 1024, piece = Infinity }: MemoryStreamOptions) {
    this.#window = window;
    this.#piece = piece;
  }

  join(peer: MemoryStream): void {
    this.#peer = peer;
  }

  get unsent(): number {
    return this.#queued;
  }

  write(chunk: Buffer): boolean {
    if (this.state !== "open" || this.#resetsAfterFlush || chunk.length === 0) return true;
    this.#queue.push(Buffer.from(chunk));
    this.#queued += chunk.length;
    this.#isBlocked = this.#queued > HIGH_WATER;
    this.#pump();
    return !this.#isBlocked;
  }

  end(): void {
    if (this.state !== "open") return;
    this.state = "ended";
    this.#pump();
  }

  reset(): void {
    if (this.state === "reset") return;
    this.#break();
    queueMicrotask(() => this.#peer.breakFromPeer());
  }

  resetAfterFlush(): void {
    if (this.state === "reset") return;
    this.#resetsAfterFlush = true;
    this.#pump();
  }

  consumed(bytes: number): void {
    this.credited += bytes;
    if (this.credited > this.received) throw new RangeError("more credit was returned than bytes arrived");
    this.#peer.credit(bytes);
  }

  /** The peer returned credit. */
  credit(bytes: number): void {
    this.#underWay -= bytes;
    this.#pump();
  }

  /** The peer was reset. */
  breakFromPeer(): void {
    if (this.state === "reset") return;
    this.#break();
    this.handler.onReset({ cause: "broken", delivered: -1 });
  }

  #break(): void {
    this.state = "reset";
    this.#queue = [];
    this.#queued = 0;
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.state !== "reset" && this.#queued > 0 && this.#underWay < this.#window) this.#sendPiece();
    if (this.#queued > 0 || this.state === "reset") return;
    if (this.state === "ended" && !this.#endSent) {
      this.#endSent = true;
      if (this.#peer.state !== "reset") this.#peer.handler.onEnd();
    }
    if (this.#resetsAfterFlush) this.reset();
  }

  #sendPiece(): void {
    const [first] = this.#queue as [Buffer];
    const piece = Buffer.from(first.subarray(0, Math.min(this.#piece, this.#window - this.#underWay)));
    if (piece.length === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(piece.length);
    this.#queued -= piece.length;
    this.#underWay += piece.length;
    this.#peer.arrive(piece);
    if (!this.#isBlocked || this.#queued > HIGH_WATER) return;
    this.#isBlocked = false;
    this.handler.onDrain();
  }

  /** Bytes of the peer arrive. */
  arrive(piece: Buffer): void {
    this.received += piece.length;
    if (this.state === "reset") return this.consumed(piece.length);
    this.handler.onData(piece);
    piece.fill(0xdb);
  }
}
