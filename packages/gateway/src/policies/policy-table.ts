import { invalid } from "./policy-error.js";

/** Characters of an unknown key that are shown. */
const SHOWN = 40;

/** An object from another machine, which is read strictly: each key is known and has a value of the right kind. */
export class PolicyTable {
  readonly #name: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #unread: Set<string>;

  /** @param name for messages. @throws PolicyError for anything but an object. */
  constructor(value: unknown, name: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) invalid(`${name} must be an object`);
    this.#name = name;
    this.#values = value as Record<string, unknown>;
    this.#unread = new Set(Object.keys(value));
  }

  /** A text without control characters, 1 to `longest` characters. @param lines whether it may have several lines */
  text(key: string, longest: number, lines = false): string | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    return isText(value, longest, lines)
      ? value
      : invalid(`${this.#at(key)} must be a text of at most ${longest} characters`);
  }

  /** A whole number, at least `least`. */
  integer(key: string, least = 1): number | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value) || (value as number) < least)
      invalid(`${this.#at(key)} must be a whole number, at least ${least}`);
    return value as number;
  }

  texts(key: string, longest: number): string[] | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : textList(value, this.#at(key), longest);
  }

  /** An object whose values are texts. */
  pairs(key: string, longest: number): Record<string, string> | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isTable || !Object.values(value).every((each) => isText(each, longest, false)))
      invalid(`${this.#at(key)} must be an object with texts`);
    return value as Record<string, string>;
  }

  /** @throws PolicyError for a key that was not read. */
  end(): void {
    for (const key of this.#unread) invalid(`${this.#name} has the unknown key ${shown(key)}`);
  }

  #take(key: string): unknown {
    this.#unread.delete(key);
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
  }

  #at(key: string): string {
    return `${key} of ${this.#name}`;
  }
}

/** A list of texts. @throws PolicyError for anything else. */
export function textList(value: unknown, name: string, longest: number): string[] {
  if (!Array.isArray(value) || !value.every((each) => isText(each, longest, false)))
    invalid(`${name} must be a list of texts of at most ${longest} characters`);
  return value as string[];
}

/** A key for a message. */
export function shown(key: string): string {
  return JSON.stringify(key.slice(0, SHOWN).replace(/[^\x20-\x7e]/g, "?"));
}

function isText(value: unknown, longest: number, lines: boolean): value is string {
  if (typeof value !== "string" || value === "" || value.length > longest) return false;
  // eslint-disable-next-line no-control-regex
  return !(lines ? /[\0-\x08\x0b-\x1f\x7f]/ : /[\0-\x1f\x7f]/).test(lines ? value.replaceAll("\r\n", "\n") : value);
}
