import type { PathEdit } from "../route.js";
import { climbsOut } from "./path-climb.js";
import { parsePathPattern } from "./path-pattern.js";
import { pathEnd } from "./path-scan.js";
import { PathTemplate } from "./path-template.js";

export interface PathEditOptions {
  /** Whether the route's prefix is removed; of an exact path, all of it. */
  stripPrefix: boolean;
  /**
   * A template that replaces the path: `{rest}` is what follows the prefix, with its slash; `{path}` is the whole
   * path. The query is kept, unless the template contains `?`.
   */
  rewrite?: string | undefined;
}

/**
 * How a route changes the path of its requests on their way to a target. Each edit puts the base path of the target
 * before the result, and passes percent-encoding as it came.
 * @param path the path of the route: all requests match it
 * @throws RangeError for a template that is not valid.
 */
export function pathEdit(path: string, { stripPrefix, rewrite }: PathEditOptions): PathEdit {
  const { text } = parsePathPattern(path);
  if (rewrite !== undefined) return new RewrittenPath(text.length, rewrite);
  return stripPrefix ? new StrippedPath(text.length) : new KeptPath();
}

/** The whole path follows the base path. */
class KeptPath implements PathEdit {
  apply(path: string, basePath: string): string | undefined {
    if (basePath === "") return path;
    return climbsOut(path) ? undefined : below(basePath, path);
  }
}

/** `path`, which begins with a slash, below the base path, which may end with one. */
function below(basePath: string, path: string): string {
  return basePath.endsWith("/") ? basePath + path.slice(1) : basePath + path;
}

/** What follows the prefix follows the base path. */
class StrippedPath implements PathEdit {
  readonly #prefixLength: number;

  constructor(prefixLength: number) {
    this.#prefixLength = prefixLength;
  }

  apply(path: string, basePath: string): string | undefined {
    const rest = this.#prefixLength === 0 ? path : path.slice(this.#prefixLength);
    // Nothing but a query may be left of the path.
    if (!rest.startsWith("/")) return (basePath === "" ? "/" : basePath) + rest;
    return climbsOut(rest) ? undefined : below(basePath, rest);
  }
}

/** A filled-in template follows the base path. */
class RewrittenPath implements PathEdit {
  readonly #prefixLength: number;
  readonly #template: PathTemplate;

  constructor(prefixLength: number, rewrite: string) {
    if (!/^(\/|\{path\}|\{rest\}(?=$|[/?{]))/.test(rewrite)) {
      throw new RangeError(`The rewrite ${JSON.stringify(rewrite)} must begin with /, as in /v2{rest}.`);
    }
    if (rewrite.includes("#"))
      throw new RangeError(`The rewrite ${JSON.stringify(rewrite)} cannot have a fragment (#).`);
    this.#prefixLength = prefixLength;
    this.#template = new PathTemplate(rewrite, ["rest", "path"]);
  }

  apply(target: string, basePath: string): string | undefined {
    const end = pathEnd(target);
    const path = target.slice(0, end);
    const rest = path.slice(this.#prefixLength);
    const template = this.#template;
    if ((template.uses("rest") && climbsOut(rest)) || (template.uses("path") && climbsOut(path))) return undefined;
    const filled = template.fill({ path, rest });
    if (filled.startsWith("/") && climbsOut(filled)) return undefined;
    const result = filled.startsWith("/") ? below(basePath, filled) : (basePath === "" ? "/" : basePath) + filled;
    return template.hasQuery ? result : result + target.slice(end);
  }
}
