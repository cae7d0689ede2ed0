import type { RequestHead } from "../http/index.js";
import type { PathEdit } from "../route.js";
import type { RouteMatch } from "../routing/index.js";

/** Parts of a path that servers read in different ways. An edited path must not have them. */
const AMBIGUOUS = /\/\.{1,2}(?:\/|$)|\/\/|[;\\]|%(?:2e|2f|5c|00)/i;

interface Parts {
  readonly path: string;
  /** With `?`; empty if there is none. */
  readonly query: string;
}

/** The path of a route without `/*`. */
function prefixOf(pattern: string): string {
  return pattern.endsWith("/*") ? pattern.slice(0, -2) : pattern;
}

function partsOf(target: string): Parts {
  const at = target.indexOf("?");
  return at < 0 ? { path: target, query: "" } : { path: target.slice(0, at), query: target.slice(at) };
}

/** How a route changes the path of requests on their way to a target. */
export function pathEdit(
  pattern: string,
  { stripPrefix, rewrite }: { stripPrefix: boolean; rewrite?: string | undefined },
): PathEdit {
  const { length } = prefixOf(pattern);
  return {
    apply(target, basePath) {
      const { path, query } = partsOf(target);
      const rest = path.slice(length);
      if (rewrite === undefined && !stripPrefix) return basePath + target;
      if (AMBIGUOUS.test(path)) return undefined;
      if (rewrite === undefined) return (basePath + rest || "/") + query;
      const written = rewrite.replace(/\{(rest|path)\}/g, (_, name) => (name === "rest" ? rest : path));
      return (basePath + written || "/") + (rewrite.includes("?") ? "" : query);
    },
  };
}

/** The location of a redirect; undefined for a request whose location would name another host. */
export function redirectLocation(match: RouteMatch, to: string): (head: RequestHead) => string | undefined {
  const { length } = prefixOf(match.path);
  return ({ host, path: target }) => {
    const { path, query } = partsOf(target);
    const values: Record<string, string> = { host, path, rest: path.slice(length), query };
    const location = to.replace(/\{(host|path|rest|query)\}/g, (_, name: string) => values[name]!);
    if (/^[/\\]{2}/.test(location) || AMBIGUOUS.test(path)) return undefined;
    return /\?|\{query\}/.test(to) ? location : location + query;
  };
}
