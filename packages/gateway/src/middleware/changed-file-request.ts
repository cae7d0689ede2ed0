import { RequestView } from "../exchange/request-view.js";
import type { Field, FileRequest } from "../http/index.js";

/** The fields that steps have changed. */
export interface FieldChanges {
  /** The value that they have given to the field `name` (lower case), empty if they have removed it. */
  changedValue(name: string): string | undefined;
}

/** A request for a file, with the fields that steps have given it. Files are selected as a target would select them. */
export class ChangedFileRequest extends RequestView<FileRequest> implements FileRequest {
  readonly #changes: FieldChanges;

  constructor(request: FileRequest, changes: FieldChanges) {
    super(request);
    this.#changes = changes;
  }

  get expectContinue(): boolean {
    return this.below.expectContinue;
  }

  get accept(): string {
    return this.#changes.changedValue("accept") ?? this.below.accept;
  }

  get isConditional(): boolean {
    return this.below.isConditional;
  }

  override fieldValue(name: string, field?: Field): string {
    return this.#changes.changedValue(name) ?? this.below.fieldValue(name, field);
  }

  fieldValues(field: Field, name: string): string {
    return this.#changes.changedValue(name) ?? this.below.fieldValues(field, name);
  }
}
