import { climbsOut } from "./path-climb.js";

export type Placeholder = "host" | "path" | "rest" | "query";

/** What a template is filled in with: parts of a request. */
export type TemplateValues = Readonly<Partial<Record<Placeholder, string>>>;

interface Part {
  /** Comes before the placeholder. */
  readonly literal: string;
  /** Undefined at the end. */
  readonly placeholder: Placeholder | undefined;
  /** Whether the template has a `?` before the placeholder. */
  readonly isInQuery: boolean;
}

const PLACEHOLDERS = /\{([^{}]*)\}/g;

/** A path or a location with placeholders such as `{rest}`. */
export class PathTemplate {
  readonly hasQuery: boolean;
  readonly #parts: readonly Part[];

  /**
   * @param allowed the placeholders that it may have; empty for a fragment
   * @throws RangeError for another one, or a character that a URL cannot have.
   */
  constructor(text: string, allowed: readonly Placeholder[]) {
    const parts: Part[] = [];
    const literals = encoded(text);
    let at = 0;
    for (const { 0: all, 1: name, index } of literals.matchAll(PLACEHOLDERS)) {
      const placeholder = allowed.find((each) => each === name);
      if (placeholder === undefined) throw unknownPlaceholder(text, all, allowed);
      const literal = literals.slice(at, index);
      const isInQuery = literals.slice(0, index).includes("?");
      if (!isInQuery && literal.endsWith("/") && isPath(placeholder)) throw doubleSlash(text, all);
      parts.push({ literal, placeholder, isInQuery });
      at = index + all.length;
    }
    parts.push({ literal: literals.slice(at), placeholder: undefined, isInQuery: false });
    if (/[{}]/.test(parts.map(({ literal }) => literal).join(""))) {
      throw new RangeError(`${JSON.stringify(text)} has a { or } that is not part of a placeholder. Write %7B or %7D.`);
    }
    this.#parts = parts;
    this.hasQuery = literals.includes("?") || parts.some(({ placeholder }) => placeholder === "query");
  }

  /** Whether one of the paths with which it is filled in leaves what comes before it. */
  letsClimb(values: TemplateValues): boolean {
    for (const { placeholder } of this.#parts)
      if (placeholder !== undefined && isPath(placeholder) && climbsOut(values[placeholder] ?? "")) return true;
    return false;
  }

  /** The text with these values. */
  fill(values: TemplateValues): string {
    let text = "";
    for (const { literal, placeholder, isInQuery } of this.#parts) {
      text += literal;
      if (placeholder === undefined) break;
      const value = values[placeholder] ?? "";
      text += isInQuery ? queryText(value, placeholder) : value;
    }
    return text;
  }
}

/** Whether it begins with a slash, if it is not empty. */
function isPath(placeholder: Placeholder): boolean {
  return placeholder === "path" || placeholder === "rest";
}

/** A value as a part of a query. A query is added to the one that is there; a path stays one value. */
function queryText(value: string, placeholder: Placeholder): string {
  if (placeholder === "query") return value.replace("?", "&");
  return value.replace(/[&+;]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Characters that a URL cannot contain, as their percent-encoded UTF-8. */
function encoded(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f\\]/.test(text)) {
    throw new RangeError(`${JSON.stringify(text)} contains a control character or a backslash, which no URL may have.`);
  }
  return text.replace(/[^!-~]|["<>^`]/gu, (sign) => encodeURIComponent(sign));
}

function doubleSlash(text: string, found: string): RangeError {
  return new RangeError(
    `${JSON.stringify(text)} has a slash before ${found}, which begins with one. Remove the slash.`,
  );
}

function unknownPlaceholder(text: string, found: string, allowed: readonly string[]): RangeError {
  const names = allowed.map((name) => `{${name}}`).join(", ");
  const rule = names === "" ? "A fragment cannot have placeholders." : `Allowed placeholders are ${names}.`;
  return new RangeError(`${JSON.stringify(text)} has the placeholder ${found}. ${rule}`);
}
