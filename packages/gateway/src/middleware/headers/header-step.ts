import { targetField } from "../credential/target-field.js";
import type { FieldEdits, Step, StepRequest } from "../step.js";
import { HeaderTemplate } from "./header-template.js";
import { responseField } from "./response-field.js";

/** Changes to the headers of a message. */
export interface HeaderEdits {
  /** Headers to send in place of those of the same name. Values may have placeholders (`HeaderTemplate`). */
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly remove?: readonly string[] | undefined;
}

export interface HeaderOptions {
  readonly request?: HeaderEdits | undefined;
  readonly response?: HeaderEdits | undefined;
}

/** A line with a fixed name. */
interface Line {
  readonly name: string;
  readonly template: HeaderTemplate;
}

/** Sets and removes headers of requests and responses. */
export class HeaderStep implements Step {
  readonly name = "headers";
  readonly #names: readonly string[];
  readonly #responseNames: readonly string[];
  readonly #lines: readonly Line[];
  readonly #responseLines: readonly Line[];
  /** The edits, if they are the same for all requests. */
  readonly #fixed: FieldEdits | undefined;

  /** @throws RangeError for a name or a value that a step cannot set. */
  constructor({ request = {}, response = {} }: HeaderOptions) {
    this.#names = namesOf(request, targetField);
    this.#responseNames = namesOf(response, responseField);
    this.#lines = linesOf(request);
    this.#responseLines = linesOf(response);
    const isFixed = [...this.#lines, ...this.#responseLines].every(({ template }) => template.fixed !== undefined);
    if (isFixed) this.#fixed = this.#edits((template) => template.fixed ?? "");
  }

  check(request: StepRequest): undefined {
    request.edit(this.#fixed ?? this.#edits((template) => template.value(request)));
  }

  #edits(valueOf: (template: HeaderTemplate) => string): FieldEdits {
    return {
      names: this.#names,
      lines: written(this.#lines, valueOf),
      responseNames: this.#responseNames,
      responseLines: written(this.#responseLines, valueOf),
    };
  }
}

function namesOf({ set = {}, remove = [] }: HeaderEdits, checked: (name: string) => string): string[] {
  return [...new Set([...Object.keys(set), ...remove].map(checked))];
}

function linesOf({ set = {} }: HeaderEdits): Line[] {
  return Object.entries(set).map(([name, value]) => ({ name, template: new HeaderTemplate(value) }));
}

/** A line without a value is left out: its placeholders had none. */
function written(lines: readonly Line[], valueOf: (template: HeaderTemplate) => string): string {
  let text = "";
  for (const { name, template } of lines) {
    const value = valueOf(template);
    if (value !== "" || template.fixed !== undefined) text += `${name}: ${value}\r\n`;
  }
  return text;
}
