import type { HostPattern } from "./host-pattern.js";
import { decodedForm, requestForms } from "./path-pattern.js";
import { PathTree } from "./path-tree.js";
import type { Rule } from "./rule.js";

/** The rules with one host pattern. */
export interface HostRoutes<T> {
  readonly host: HostPattern;
  /** By path, as requests contain it. */
  readonly paths: PathTree<Rule<T>>;
  /** By path, also in decoded form: for the readings of a path. */
  readonly readings: PathTree<Rule<T>>;
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
    for (const rule of rules) addRule(this.#ownRoutes(rule.host), rule);
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
  return {
    host,
    paths: new PathTree(),
    readings: new PathTree(),
    next: undefined,
    dependsOnPath: false,
    significant: 0,
  };
}

function addRule<T>({ paths, readings }: HostRoutes<T>, rule: Rule<T>): void {
  const { path } = rule;
  const forms = requestForms(path);
  for (const form of forms) paths.add(form, path.isPrefix, rule);
  for (const form of new Set([...forms, decodedForm(path)])) readings.add(form, path.isPrefix, rule);
}

function close<T>(routes: HostRoutes<T>, next: HostRoutes<T> | undefined): void {
  const { paths, readings } = routes;
  paths.link();
  readings.link();
  routes.next = next;
  routes.dependsOnPath = paths.dependsOnPath || next?.dependsOnPath === true;
  // One more, because the character after a prefix counts.
  routes.significant = Math.max(readings.longest + 1, next?.significant ?? 0);
}
