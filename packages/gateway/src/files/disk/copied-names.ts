import { CODINGS } from "../selection/content-coding.js";

/** Endings of the names of compressed twins, and of copies that editors and people make. */
const ENDINGS = [...CODINGS.map(({ suffix }) => suffix), "~", ".bak", ".old", ".orig", ".save", ".tmp", ".swp"];
/** Endings of one name, as in `app_config.toml.bak.gz`. */
const MOST_ENDINGS = 3;
const NONE: readonly string[] = [];
/** Most names have no such ending. */
const HAS_ENDING = new RegExp(`(?:${ENDINGS.map((ending) => ending.replace(".", "\\.")).join("|")})$`, "i");
/** Vim adds a dot in front: `.app_config.toml.swp`. */
const DOTTED = /\/\.([^/]+)$/;

/** The paths of the files of which a file is a copy, to judge by its name. */
export function originalsOf(path: string): readonly string[] {
  if (!HAS_ENDING.test(path)) return NONE;
  const originals: string[] = [];
  let rest = path;
  for (let n = 0; n < MOST_ENDINGS; n++) {
    const lower = rest.toLowerCase();
    const ending = ENDINGS.find((each) => lower.endsWith(each));
    if (ending === undefined) break;
    rest = rest.slice(0, -ending.length);
    originals.push(rest);
    if (ending === ".swp" && DOTTED.test(rest)) originals.push(rest.replace(DOTTED, "/$1"));
  }
  return originals;
}
