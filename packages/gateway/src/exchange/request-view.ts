import type { Field, ForwardOptions, Request } from "../http/index.js";

/** A request seen in another way: all of it is as in the request below, except for what a subclass changes. */
export class RequestView<Below extends Request = Request> implements Request {
  protected readonly below: Below;

  /** @param below the current request of the visitor; the same object for request after request */
  constructor(below: Below) {
    this.below = below;
  }

  get method(): string {
    return this.below.method;
  }

  get versionMinor(): 0 | 1 {
    return this.below.versionMinor;
  }

  get line(): string {
    return this.below.line;
  }

  get path(): string {
    return this.below.path;
  }

  get host(): string {
    return this.below.host;
  }

  get contentLength(): number {
    return this.below.contentLength;
  }

  get chunked(): boolean {
    return this.below.chunked;
  }

  get upgrade(): string {
    return this.below.upgrade;
  }

  fieldValue(name: string, field?: Field): string {
    return this.below.fieldValue(name, field);
  }

  repeatedValue(name: string, last: string): string {
    return this.below.repeatedValue(name, last);
  }

  write(lines: string, requestId: string, options?: ForwardOptions): Buffer {
    return this.below.write(lines, requestId, options);
  }
}
