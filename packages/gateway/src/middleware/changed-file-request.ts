import type { Field, FileRequest, ForwardOptions } from "../http/index.js";

/** The fields that steps have changed. */
export interface FieldChanges {
  /** The value that they have given to the field `name` (lower case), empty if they have removed it. */
  changedValue(name: string): string | undefined;
}

/** A request for a file, with the fields that steps have given it. Files are selected as a target would select them. */
export class ChangedFileRequest implements FileRequest {
  readonly #request: FileRequest;
  readonly #changes: FieldChanges;

  /** @param request the same object for request after request */
  constructor(request: FileRequest, changes: FieldChanges) {
    this.#request = request;
    this.#changes = changes;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return this.#request.path;
  }

  get host(): string {
    return this.#request.host;
  }

  get contentLength(): number {
    return this.#request.contentLength;
  }

  get chunked(): boolean {
    return this.#request.chunked;
  }

  get upgrade(): string {
    return this.#request.upgrade;
  }

  get expectContinue(): boolean {
    return this.#request.expectContinue;
  }

  get accept(): string {
    return this.#changes.changedValue("accept") ?? this.#request.accept;
  }

  get isConditional(): boolean {
    return this.#request.isConditional;
  }

  fieldValue(name: string, field?: Field): string {
    return this.#changes.changedValue(name) ?? this.#request.fieldValue(name, field);
  }

  fieldValues(field: Field, name: string): string {
    return this.#changes.changedValue(name) ?? this.#request.fieldValues(field, name);
  }

  write(lines: string, requestId: string, options?: ForwardOptions): Buffer {
    return this.#request.write(lines, requestId, options);
  }
}
