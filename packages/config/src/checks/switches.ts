import type { Path } from "../file/path.js";
import type { ResolvedOption } from "../resolving/resolve.js";

/** `enabled = false` in `[tunnel]` switches off the client, not this table inside it. */
const SERVER: Path = ["tunnel", "server"];

/** The tables with `enabled = false`. */
export class Switches {
  readonly #off: readonly Path[];

  constructor(options: readonly ResolvedOption[]) {
    this.#off = options
      .filter(({ path, value }) => path.at(-1) === "enabled" && value === false)
      .map(({ path }) => path.slice(0, -1));
  }

  /**
   * Whether the value at `path` is in one of the tables `within`, and not in an inner table that is switched off. The
   * tables in `within` count as switched on, because the caller runs them.
   */
  concern(path: Path, within: readonly Path[]): boolean {
    return within.some((root) => isWithin(path, root) && !this.#isOff(path, root));
  }

  #isOff(path: Path, root: Path): boolean {
    return this.#off.some(
      (section) =>
        section.length > root.length &&
        isWithin(path, section) &&
        (section.length >= SERVER.length || !isWithin(path, SERVER)),
    );
  }
}

export function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}
