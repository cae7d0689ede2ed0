import type { Steps } from "./steps.js";

/** All paths of steps begin with this. */
const PREFIX = "/.postern/";

/** The steps that own a path on all hosts. */
export class OwnPaths {
  readonly #steps = new Map<string, Steps>();

  /** @param all of the routes. If several own a path, the first gets its requests. */
  constructor(all: Iterable<Steps | undefined>) {
    for (const steps of all)
      for (const path of steps?.paths ?? []) if (!this.#steps.has(path)) this.#steps.set(path, steps!);
  }

  /** @param path with the query */
  find(path: string): Steps | undefined {
    if (this.#steps.size === 0 || !path.startsWith(PREFIX)) return undefined;
    const query = path.indexOf("?");
    return this.#steps.get(query < 0 ? path : path.slice(0, query));
  }
}
