import { refusals } from "../http/index.js";
import type { BodyCoder, CodedSink, FilteredHead, ResponseFilter } from "./response-filter.js";

/** A filter that doubles each byte of a body, at once or when it is told to. */
export class DoublingFilter implements ResponseFilter, BodyCoder {
  readonly isWhole: boolean;
  readonly #isSlow: boolean;
  readonly #edit: (head: FilteredHead) => void;
  #sink: CodedSink | undefined;
  #waiting: (() => void)[] = [];
  closed = 0;
  /** Bytes that it was given. */
  received = 0;

  constructor({
    isWhole = false,
    isSlow = false,
    edit = () => {},
  }: { isWhole?: boolean; isSlow?: boolean; edit?: (head: FilteredHead) => void } = {}) {
    this.isWhole = isWhole;
    this.#isSlow = isSlow;
    this.#edit = edit;
  }

  begin(given: FilteredHead | CodedSink): BodyCoder | undefined {
    if (!("hasBody" in given)) return void (this.#sink = given);
    this.#edit(given);
    return given.hasBody && given.hasContent ? this : undefined;
  }

  write(piece: Buffer): void {
    this.received += piece.length;
    const text = piece.toString("latin1");
    const { length } = piece;
    this.#do(() => {
      this.#sink?.onCoded(Buffer.from(Array.from(text, (letter) => letter + letter).join(""), "latin1"));
      this.#sink?.onTaken(length);
    });
  }

  end(): void {
    if (this.received === 0) return this.#sink?.onCodedEnd();
    this.#do(() => this.#sink?.onCodedEnd());
  }

  close(): void {
    this.closed++;
    this.#waiting = [];
  }

  /** Does what is left to do, for a slow filter. @param most how many steps of it */
  work(most = Infinity): void {
    for (const step of this.#waiting.splice(0, most)) step();
  }

  fail(): void {
    this.#sink?.onFailed(refusals.PN_ORIGIN_INVALID);
  }

  #do(step: () => void): void {
    if (this.#isSlow) this.#waiting.push(step);
    else step();
  }
}
