import type { Entries } from "./declaration.js";
import { CONFIGURATION } from "./declared/configuration.js";
import { withoutUserinfo } from "./without-userinfo.js";

const LONGEST = 100;
const HEADER = /^\s*\[\[?[\w.\s-]+\]\]?\s*(#|$)/;
const VALUE = /^(\s*(?:[\w-]+\s*\.\s*)*([\w-]+)\s*=\s*)([^[{]*)$/;

/** Names of which every option of that name may be shown. */
const PUBLIC = publicNames();

/**
 * A line of a configuration as messages may show it. Values are left out, unless they are of an option that is known to be no secret;
 * so is what could be the middle of one.
 */
export function shownLine(line: string): string {
  if (HEADER.test(line) || line.trim() === "") return plain(line);
  const [, , name = ""] = VALUE.exec(line) ?? [];
  if (PUBLIC.has(name)) return plain(line);
  const [before] = /^\s*[\w.\s-]+=/.exec(line) ?? [];
  return before === undefined ? "…" : `${plain(before)} …`;
}

/** Without what a terminal would obey. */
function plain(line: string): string {
  const text = withoutUserinfo(line.replace(/\p{C}/gu, " "));
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
