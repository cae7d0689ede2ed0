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
    return basePath === "" ? path : below(basePath, path);
  }
}

/**
 * `path`, or only a query, below the base path, which may end with a slash. Undefined: the path leaves the base path in
 * some reading.
 */
function below(basePath: string, path: string): string | undefined {
  if (!path.startsWith("/")) return (basePath === "" ? "/" : basePath) + path;
  if (climbsOut(path)) return undefined;
  return basePath.endsWith("/") ? basePath + path.slice(1) : basePath + path;
}

/** What follows the prefix follows the base path. */
class StrippedPath implements PathEdit {
  readonly #prefixLength: number;

  constructor(prefixLength: number) {
    this.#prefixLength = prefixLength;
  }

  apply(path: string, basePath: string): string | undefined {
    return below(basePath, path.slice(this.#prefixLength));
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
    const values = { path, rest: path.slice(this.#prefixLength) };
    const template = this.#template;
    if (template.letsClimb(values)) return undefined;
    const result = below(basePath, template.fill(values));
    return result === undefined || template.hasQuery ? result : result + target.slice(end);
  }
}
