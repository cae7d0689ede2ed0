import type { BodyPayer } from "../../bodies/body-quota.js";
import type { BodyCoder, CodedSink, FilteredHead, ResponseFilter } from "../../filters/response-filter.js";
import type { Refusal } from "../../http/index.js";
import { DIGEST_FIELDS } from "../digest-fields.js";
import type { BodyChanges } from "./body-changes.js";
import { codingOf } from "./body-decoder.js";
import { TransformFault } from "./body-edit.js";
import { bodyType, withUtf8 } from "./body-type.js";
import { isConvertible, unknownCharset } from "./charset.js";
import { TransformCoder } from "./transform-coder.js";

/** Fields that describe the bytes of a body: they are not true of a changed one. */
export const BODY_FIELDS = ["etag", ...DIGEST_FIELDS] as const;

/** What a filter knows of its request. */
export interface TransformedRequest {
  readonly payer: BodyPayer;
  /** Whether the visitor has sent an ETag that it knows. */
  readonly hasEtag: boolean;
}

/** Changes the body of one response, if its type is one of those that are changed. */
export class ResponseTransform implements ResponseFilter {
  readonly #changes: BodyChanges;
  readonly #request: TransformedRequest;
  readonly #refuse: (fault: TransformFault) => Refusal;

  constructor(changes: BodyChanges, request: TransformedRequest, refuse: (fault: TransformFault) => Refusal) {
    this.#changes = changes;
    this.#request = request;
    this.#refuse = refuse;
  }

  begin(head: FilteredHead): BodyCoder | undefined {
    // A visitor that knows an ETag got it with a body that was not changed.
    if (head.status === 304 && !this.#request.hasEtag) for (const name of BODY_FIELDS) head.drop(name);
    const isPart = head.status === 206 || head.fieldValue("content-range") !== "";
    if (isPart || !head.hasContent) return undefined;
    const value = head.fieldValue("content-type");
    const type = bodyType(value);
    if (!this.#changes.concern(type)) return undefined;
    const coding = head.fieldValue("content-encoding");
    for (const name of BODY_FIELDS) head.drop(name);
    head.drop("accept-ranges");
    head.drop("content-encoding");
    if (this.#changes.mustConvert(type.charset)) {
      head.drop("content-type");
      head.add(`Content-Type: ${withUtf8(value)}`);
    }
    if (!head.hasBody) {
      head.dropLength();
      return undefined;
    }
    try {
      if (type.isEventStream && this.#changes.regexRules !== undefined)
        throw new TransformFault("stream", "regular expressions do not change streams of events");
      if (this.#changes.mustConvert(type.charset) && !isConvertible(type.charset)) throw unknownCharset(type.charset);
      const { payer } = this.#request;
      return new TransformCoder({
        changes: this.#changes,
        type,
        coding: codingOf(coding),
        payer,
        refuse: this.#refuse,
      });
    } catch (error) {
      return new RefusedBody(this.#refuse(error as TransformFault));
    }
  }
}

/** A body that is not passed on. */
class RefusedBody implements BodyCoder {
  readonly isWhole = true;
  readonly #refusal: Refusal;

  constructor(refusal: Refusal) {
    this.#refusal = refusal;
  }

  begin(sink: CodedSink): void {
    sink.onFailed(this.#refusal);
  }

  write(): void {}

  end(): void {}

  close(): void {}
}
