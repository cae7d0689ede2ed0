import type { HostPattern } from "./host-pattern.js";
import { type PathPattern, readingForms, requestForms } from "./path-pattern.js";
import { PathTree } from "./path-tree.js";
import type { Rule } from "./rule.js";

/** The rules with one host pattern, by path. */
export interface HostRoutes<T> {
  readonly host: HostPattern;
  readonly rules: Rule<T>[];
  /** By path, as requests contain it. */
  paths: PathTree<Rule<T>>;
  /** By path, also in decoded form: for the readings of a path. */
  readings: PathTree<Rule<T>>;
  /** The rules of the next less specific host pattern that covers this one. */
  next: HostRoutes<T> | undefined;
  /** Whether the choice depends on the path, here or in one of `next`. */
  dependsOnPath: boolean;
  /** Characters of a path that the choice can depend on, here or in one of `next`. */
  significant: number;
}

/** Rules by host: exact hosts and wildcards in maps, each linked to the next less specific pattern. */
export class RoutesByHost<T> {
  readonly #exact = new Map<string, HostRoutes<T>>();
  /** By the domain below which their hosts are. */
  readonly #wildcards = new Map<string, HostRoutes<T>>();
  readonly #any: HostRoutes<T>;
  /** The last host, cached because visitors repeat them. */
  #host = "";
  #found: HostRoutes<T>;

  /** @param rules in the order in which they are tried */
  constructor(rules: readonly Rule<T>[]) {
    this.#any = newRoutes({ kind: "any", name: "" });
    for (const rule of rules) this.#ownRoutes(rule.host).rules.push(rule);
    // Shorter wildcards first, because each depends on the next less specific one.
    const wildcards = [...this.#wildcards.values()].sort((one, other) => one.host.name.length - other.host.name.length);
    close(this.#any, undefined);
    for (const routes of wildcards) close(routes, this.#below(routes.host.name) ?? this.#any);
    for (const routes of this.#exact.values()) close(routes, this.#below(routes.host.name) ?? this.#any);
    this.#found = this.#any;
  }

  /** The rules of the most specific pattern for a canonical host. */
  find(host: string): HostRoutes<T> {
    if (host === this.#host) return this.#found;
    this.#host = host;
    this.#found = this.#exact.get(host) ?? this.#below(host) ?? this.#any;
    return this.#found;
  }

  /** The rules of the longest wildcard that covers `host`. */
  #below(host: string): HostRoutes<T> | undefined {
    if (this.#wildcards.size === 0) return undefined;
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const routes = this.#wildcards.get(host.slice(dot + 1));
      if (routes !== undefined) return routes;
    }
    return undefined;
  }

  #ownRoutes(host: HostPattern): HostRoutes<T> {
    if (host.kind === "any") return this.#any;
    const map = host.kind === "exact" ? this.#exact : this.#wildcards;
    const routes = map.get(host.name) ?? newRoutes<T>(host);
    map.set(host.name, routes);
    return routes;
  }
}

function newRoutes<T>(host: HostPattern): HostRoutes<T> {
  const paths = new PathTree<Rule<T>>();
  return { host, rules: [], paths, readings: paths, next: undefined, dependsOnPath: false, significant: 0 };
}

/** Builds the trees, when all rules and `next` are known. */
function close<T>(routes: HostRoutes<T>, next: HostRoutes<T> | undefined): void {
  const { rules } = routes;
  routes.paths = treeOf(rules, requestForms);
  const hasEscapes = rules.some(({ path }) => path.text.includes("%"));
  routes.readings = hasEscapes ? treeOf(rules, readingForms) : routes.paths;
  routes.next = next;
  routes.dependsOnPath = next?.dependsOnPath === true || rules.some(({ path }) => path.text !== "" || !path.isPrefix);
  const longest = Math.max(0, ...rules.map(({ path }) => path.text.length));
  // One more, because the character after a prefix counts.
  routes.significant = Math.max(longest + 1, next?.significant ?? 0);
}

function treeOf<T>(rules: readonly Rule<T>[], formsOf: (path: PathPattern) => string[]): PathTree<Rule<T>> {
  const tree = new PathTree<Rule<T>>();
  for (const rule of rules) for (const form of formsOf(rule.path)) tree.add(form, rule.path.isPrefix, rule);
  tree.link();
  return tree;
}
