import { RequestView } from "../exchange/request-view.js";
import type { ForwardOptions } from "../http/index.js";

/** A request as its target gets it when its body has been coded: it has another length. */
export class CodedRequest extends RequestView {
  /** Bytes of the coded body. -1: it is not known, and the body is sent in chunks. */
  codedLength = -1;

  override get contentLength(): number {
    return this.codedLength;
  }

  override get chunked(): boolean {
    return this.codedLength < 0;
  }

  /** The visitor has got its 100 Continue from the gateway. */
  override write(lines: string, requestId: string, { path, hostHeader }: ForwardOptions = {}): Buffer {
    const { contentLength, chunked } = this;
    return this.below.write(lines, requestId, {
      path,
      hostHeader,
      expectContinue: false,
      framing: { contentLength, chunked },
    });
  }
}
