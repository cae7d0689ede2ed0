import { CODINGS } from "../selection/content-coding.js";

/** What copies have after the dot at the end of their names. */
const EXTENSIONS = [
  // Compressed.
  ...CODINGS.map(({ suffix }) => suffix.slice(1)),
  "bz2|xz|lz4|zip|7z",
  // Made by people, and numbered or dated.
  "(?:bak|backup|copy|old|orig)\\d*",
  "\\d[\\d-]*",
  // Made by editors: Emacs, nano, Vim.
  "~\\d+~",
  "sav|save|tmp",
  "sw[a-p]",
  // Made when a package or a patch replaces a file.
  "(?:dpkg|ucf)-\\w+",
  "(?:rpm|pac)(?:save|new|orig)",
  "rej",
];
/** The last ending of a copy's name. Most names have none. `-20261127`: logrotate. */
const ENDING = new RegExp(`(?:~|-\\d{8}|\\.(?:${EXTENSIONS.join("|")}))$`, "i");
/** Endings of one name, as in `app_config.toml.bak.gz`. */
const MOST_ENDINGS = 3;
const NONE: readonly string[] = [];
/** Vim adds a dot in front: `.app_config.toml.swp`. */
const SWAP = /\.sw[a-p]$/i;
const DOTTED = /\/\.([^/]+)$/;
/** Emacs puts a file that was not saved between two of them. */
const UNSAVED = /\/#([^/]+)#$/;

/** The paths of the files of which a file is a copy, to judge by its name. */
export function originalsOf(path: string): readonly string[] {
  if (path.endsWith("#") && UNSAVED.test(path)) return [path.replace(UNSAVED, "/$1")];
  let end = path.search(ENDING);
  if (end < 0) return NONE;
  const originals: string[] = [];
  let rest = path;
  for (let n = 0; n < MOST_ENDINGS && end >= 0; n++) {
    const original = rest.slice(0, end);
    originals.push(original);
    if (SWAP.test(rest) && DOTTED.test(original)) originals.push(original.replace(DOTTED, "/$1"));
    rest = original;
    end = rest.search(ENDING);
  }
  return originals;
}
