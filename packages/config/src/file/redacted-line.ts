import type { Entries } from "../declared/declaration.js";
import { CONFIGURATION } from "../declared/configuration.js";
import { redactRefused } from "./redact-urls.js";

const LONGEST = 100;
const HEADER = /^\s*\[\[?[\w.\s-]+\]\]?\s*(#|$)/;
const VALUE = /^(\s*(?:[\w-]+\s*\.\s*)*([\w-]+)\s*=\s*)([^[{]*)$/;

/** Names that no secret option has. */
const PUBLIC = publicNames();

/**
 * Returns a line of a configuration in a form that is safe to print. Only values of options that are not secret remain;
 * a line that could be the middle of a multi-line value is omitted.
 */
export function redactedLine(line: string): string {
  if (HEADER.test(line) || line.trim() === "") return plain(redactRefused(line));
  const [, start = "", name = "", value = ""] = VALUE.exec(line) ?? [];
  if (PUBLIC.has(name)) return plain(start + redactRefused(value));
  const [before] = /^\s*[\w.\s-]+=/.exec(line) ?? [];
  return before === undefined ? "…" : `${plain(before)} …`;
}

/** Removes control characters. */
function plain(line: string): string {
  const text = line.replace(/\p{C}/gu, " ");
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

function publicNames(): Set<string> {
  const shown = new Set<string>();
  const hidden = new Set<string>();
  const visit = (entries: Entries): void => {
    for (const [name, entry] of Object.entries(entries)) {
      if (entry.form === "option") (entry.secret ? hidden : shown).add(name);
      else visit(entry.form === "section" ? entry.entries : entry.each.entries);
    }
  };
  visit(CONFIGURATION.entries);
  return new Set([...shown].filter((name) => !hidden.has(name)));
}
