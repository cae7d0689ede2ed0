import type { BodyEdit } from "./body-edit.js";
import type { BodyType } from "./body-type.js";
import type { ThreadRule } from "./change-text.js";
import { isReadable } from "./charset.js";
import { JsonChanges } from "./json-changes.js";
import { JsonEditor } from "./json-editor.js";
import { LiteralReplacer } from "./literal-replacer.js";
import { scratchOf } from "./scratch.js";
import { regexFlaw } from "./regex-subset.js";

/** A replacement of text. */
export interface TextRule {
  /** Text, or a regular expression. */
  readonly find: string;
  /** With a regular expression, `$1`, `$<name>`, `$&` and `$$` have their meaning in JavaScript. */
  readonly replace: string;
  readonly isRegex: boolean;
}

/** Changes to bodies of one direction, as data. */
export interface BodyChangeOptions {
  /** Each is applied to what the one before it made of the body. */
  readonly replace: readonly TextRule[];
  /** Members to add to the outermost object of JSON bodies, after the replacements. */
  readonly add: Readonly<Record<string, unknown>>;
  /** Names of members to remove from JSON bodies, at any depth. */
  readonly remove: readonly string[];
}

/** The most bytes of a text to find, and of a text that replaces it. */
export const RULE_LIMITS = { find: 4_096, replace: 65_536, rules: 100 } as const;

const ASCII = /^[\0-\x7f]*$/;

/** Changes to bodies of one direction. */
export class BodyChanges {
  /** Those of a body that must be complete: they need the time of another thread. Undefined: there are none. */
  readonly regexRules: readonly ThreadRule[] | undefined;
  readonly #replaces: boolean;
  readonly #literals: readonly (readonly [find: Buffer, replace: Buffer])[];
  readonly #json: JsonChanges | undefined;
  readonly #isAscii: boolean;

  /** @throws RangeError for a rule that is not valid. */
  constructor({ replace, add, remove }: BodyChangeOptions) {
    for (const rule of replace) checkRule(rule);
    if (replace.length > RULE_LIMITS.rules) throw new RangeError(`A route has at most ${RULE_LIMITS.rules} rules.`);
    const changesJson = remove.length > 0 || Object.keys(add).length > 0;
    this.#replaces = replace.length > 0;
    this.#json = changesJson ? new JsonChanges({ add, remove }) : undefined;
    this.regexRules = replace.some(({ isRegex }) => isRegex) ? replace : undefined;
    this.#literals =
      this.regexRules === undefined ? replace.map((rule) => [Buffer.from(rule.find), Buffer.from(rule.replace)]) : [];
    const texts = [...replace.flatMap((rule) => [rule.find, rule.replace]), ...remove, JSON.stringify(add)];
    this.#isAscii = texts.every((text) => ASCII.test(text));
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return !this.#replaces && this.#json === undefined;
  }

  /** Whether they concern bodies of this type. */
  concern(type: BodyType): boolean {
    return (this.#replaces && type.isText) || (this.#json !== undefined && type.isJson);
  }

  /** Whether bodies in this charset must be converted to UTF-8 first. */
  mustConvert(charset: string): boolean {
    return !isReadable(charset, this.#isAscii && this.regexRules === undefined);
  }

  /** The replacements, for a new body. Empty if regular expressions are among them. */
  literalEdits(): BodyEdit[] {
    return this.#literals.map(([find, replace], n) => new LiteralReplacer(find, replace, scratchOf(n)));
  }

  /** The changes to members, for a new body of this type; undefined if there are none. */
  jsonEdit(type: BodyType): BodyEdit | undefined {
    return this.#json !== undefined && type.isJson ? new JsonEditor(this.#json, type.isSequence) : undefined;
  }
}

function checkRule({ find, replace, isRegex }: TextRule): void {
  const shown = JSON.stringify(find.length > 80 ? `${find.slice(0, 80)}…` : find);
  if (find === "") throw new RangeError("The text to find is empty.");
  if (Buffer.byteLength(find) > RULE_LIMITS.find)
    throw new RangeError(`The text to find, ${shown}, is longer than ${RULE_LIMITS.find} bytes.`);
  if (Buffer.byteLength(replace) > RULE_LIMITS.replace)
    throw new RangeError(`The text that replaces ${shown} is longer than ${RULE_LIMITS.replace} bytes.`);
  const flaw = isRegex ? regexFlaw(find) : undefined;
  if (flaw !== undefined) throw new RangeError(`The regular expression ${shown} ${flaw}.`);
}
