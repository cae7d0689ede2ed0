import type { BodyCoder, CodedSink, FilteredHead, ResponseFilter } from "../../filters/response-filter.js";
import { Field, prefersHtml } from "../../http/index.js";
import { DIGEST_FIELDS } from "../digest-fields.js";
import type { Step, StepRequest } from "../step.js";
import { ErrorPages } from "./error-pages.js";

export interface ErrorPagesOptions {
  /** HTML by status, such as `404` or `5xx`. */
  readonly pages: Readonly<Record<string, string>>;
  /** Whether they also replace the bodies of errors of the target. Default false. */
  readonly targets?: boolean | undefined;
}

/** Fields that describe the body of the target. */
const OF_BODY = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-disposition",
  "etag",
  "last-modified",
  "accept-ranges",
  ...DIGEST_FIELDS,
];

/** Shows browsers pages of the operator in place of errors. Programs that ask for JSON or text still get that. */
export class ErrorPagesStep implements Step {
  readonly name = "error pages";
  readonly #pages: ErrorPages;
  readonly #targets: boolean;

  /** @throws RangeError as `ErrorPages`. */
  constructor({ pages, targets = false }: ErrorPagesOptions) {
    this.#pages = new ErrorPages(pages);
    this.#targets = targets;
  }

  check(request: StepRequest): undefined {
    if (!prefersHtml(request.fieldValue("accept", Field.accept))) return;
    request.showErrors(this.#pages);
    if (this.#targets) request.filter(new ReplacedErrors(this.#pages, request.requestId()));
  }
}

/** Replaces the body of an error. */
class ReplacedErrors implements ResponseFilter {
  readonly #pages: ErrorPages;
  readonly #requestId: string;

  constructor(pages: ErrorPages, requestId: string) {
    this.#pages = pages;
    this.#requestId = requestId;
  }

  begin(head: FilteredHead): BodyCoder | undefined {
    if (head.status < 400) return undefined;
    const page = this.#pages.page(head.status, "", this.#requestId);
    if (page === undefined) return undefined;
    for (const name of OF_BODY) head.drop(name);
    head.add("Content-Type: text/html; charset=utf-8");
    if (head.hasBody) return new FixedBody(Buffer.from(page));
    head.dropLength();
    return undefined;
  }
}

/** Drops a body, and sends another one. */
class FixedBody implements BodyCoder {
  readonly isWhole = true;
  readonly #content: Buffer;
  #sink: CodedSink | undefined;

  constructor(content: Buffer) {
    this.#content = content;
  }

  begin(sink: CodedSink): void {
    this.#sink = sink;
  }

  write(piece: Buffer): void {
    this.#sink?.onTaken(piece.length);
  }

  end(): void {
    this.#sink?.onCoded(this.#content);
    this.#sink?.onCodedEnd();
  }

  close(): void {}
}
