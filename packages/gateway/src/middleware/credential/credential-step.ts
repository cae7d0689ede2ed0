import type { FieldEdits, Step, StepRequest } from "../step.js";
import { targetField } from "./target-field.js";

/** A header with a credential for the targets of a route. */
export interface CredentialField {
  readonly name: string;
  /** Characters of Latin-1, without controls. */
  readonly value: string;
}

/** Sends credentials to the targets of a route, in place of the visitor's fields of these names. */
export class CredentialStep implements Step {
  readonly name = "credential";
  readonly #edits: FieldEdits;

  /** @throws RangeError that names a field that is not valid. It never contains a value. */
  constructor(fields: readonly CredentialField[]) {
    const names = fields.map(({ name }) => targetField(name));
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) !== index)
        throw new RangeError(`Two credentials use the header ${name}. Keep one of them.`);
      if (!/^[!-~\xa0-\xff](?:[ -~\xa0-\xff]*[!-~\xa0-\xff])?$/.test(fields[index]!.value))
        throw new RangeError(
          `The credential in the header ${name} is empty, or has characters that HTTP does not allow.`,
        );
    }
    this.#edits = { names, lines: fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("") };
  }

  check(request: StepRequest): undefined {
    request.edit(this.#edits);
  }
}
