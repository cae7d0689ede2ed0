import type { Field, ForwardOptions, Request } from "../http/index.js";

/** A request as its target gets it when its body has been coded: it has another length. */
export class CodedRequest implements Request {
  /** -1: it is not known, and the body is sent in chunks. */
  contentLength = -1;
  readonly #head: Request;

  /** @param head the current request of the visitor */
  constructor(head: Request) {
    this.#head = head;
  }

  get chunked(): boolean {
    return this.contentLength < 0;
  }

  get method(): string {
    return this.#head.method;
  }

  get path(): string {
    return this.#head.path;
  }

  get host(): string {
    return this.#head.host;
  }

  get upgrade(): string {
    return this.#head.upgrade;
  }

  fieldValue(name: string, field?: Field): string {
    return this.#head.fieldValue(name, field);
  }

  /** The visitor has got its 100 Continue from the gateway. */
  write(lines: string, requestId: string, { path, hostHeader }: ForwardOptions = {}): Buffer {
    const { contentLength, chunked } = this;
    return this.#head.write(lines, requestId, {
      path,
      hostHeader,
      expectContinue: false,
      framing: { contentLength, chunked },
    });
  }
}
