import type { Refusal } from "../http/index.js";
import type { BodyCoder, CodedSink } from "./response-filter.js";

/** Several coders as one: each codes what the one before it has coded. */
export class CoderChain implements BodyCoder {
  readonly #coders: readonly BodyCoder[];
  /** Bytes in the coders after the first, which they have not taken. */
  #between = 0;
  /** Bytes that the first coder has taken and that were not reported, because too much is between the coders. */
  #taken = 0;
  #sink: CodedSink | undefined;

  constructor(coders: readonly BodyCoder[]) {
    this.#coders = coders;
  }

  get isWhole(): boolean {
    return this.#coders.at(-1)?.isWhole === true;
  }

  begin(sink: CodedSink): void {
    this.#sink = sink;
    const { length } = this.#coders;
    for (let n = length - 1; n >= 0; n--) {
      const next = this.#coders[n + 1];
      const isFull = (): boolean => sink.isFull === true || (next !== undefined && this.#between > MOST_BETWEEN);
      this.#coders[n]!.begin({
        get isFull() {
          return isFull();
        },
        onCoded: next === undefined ? (bytes) => sink.onCoded(bytes) : (bytes) => this.#pass(next, bytes),
        onTaken: (bytes) => this.#onTaken(n, bytes),
        onCodedEnd: next === undefined ? () => sink.onCodedEnd() : () => next.end(),
        onFailed: (refusal) => this.#fail(refusal),
        onFault: (error) => sink.onFault(error),
      });
    }
  }

  write(piece: Buffer): void {
    this.#coders[0]?.write(piece);
  }

  end(): void {
    this.#coders[0]?.end();
  }

  resume(): void {
    for (const coder of this.#coders) coder.resume?.();
  }

  close(): void {
    for (const coder of this.#coders) coder.close();
  }

  #pass(next: BodyCoder, bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#between += bytes.length;
    next.write(bytes);
  }

  #onTaken(index: number, bytes: number): void {
    const wasFull = this.#between > MOST_BETWEEN;
    if (index > 0) this.#between -= bytes;
    else this.#taken += bytes;
    if (wasFull && this.#between <= MOST_BETWEEN && this.#sink?.isFull !== true) this.resume();
    if (this.#taken === 0 || this.#between > MOST_BETWEEN) return;
    const taken = this.#taken;
    this.#taken = 0;
    this.#sink?.onTaken(taken);
  }

  #fail(refusal: Refusal): void {
    this.close();
    this.#sink?.onFailed(refusal);
  }
}

const MOST_BETWEEN = 64 * 1024;
