import { PathReadings } from "./path-readings.js";
import { pathEnd, scanPath } from "./path-scan.js";
import type { PathPlace } from "./path-tree.js";
import { candidatesOf, type PathAmbiguity, type RouteExplanation } from "./route-explanation.js";
import { RouteFinding, type RouteFault } from "./route-finding.js";
import type { RoutedRequest, RouteMatch } from "./route-match.js";
import { RoutesByHost, type HostRoutes } from "./routes-by-host.js";
import { Rule } from "./rule.js";
import { compareSpecificity } from "./specificity.js";

export interface RouteRule<T> {
  readonly match: RouteMatch;
  readonly value: T;
}

/** Finds the route of a request: the most specific one that takes it (see `compareSpecificity`). */
export class RouteTable<T> {
  /** In the order in which they are tried. */
  readonly #rules: readonly Rule<T>[];
  readonly #hosts: RoutesByHost<T>;
  readonly #readings = new PathReadings();
  readonly #finding = new RouteFinding<T>();
  /** The number of the current look-up. */
  #lookup = 0;

  /** @throws RangeError that says what in a rule is not valid. */
  constructor(rules: readonly RouteRule<T>[]) {
    const all = rules.map(({ match, value }, index) => new Rule(match, value, index));
    this.#rules = all.sort(compareSpecificity);
    this.#hosts = new RoutesByHost(this.#rules);
  }

  /** The route of a request. The result is reused. */
  find(request: RoutedRequest): RouteFinding<T> {
    this.#lookup++;
    const { path } = request;
    const scanned = scanPath(path);
    const end = scanned < 0 ? ~scanned : scanned;
    const routes = this.#hosts.find(request.host);
    if (scanned < 0) {
      this.#readings.begin(path, 0, end, routes.significant);
      if (this.#readings.hasNul) return this.#refuse("path");
    }
    const rule = this.#choose(routes, false, path, end, request);
    if (rule === undefined) return this.#refuseUnknown(routes, path, end, request);
    if (scanned < 0 && routes.dependsOnPath && this.#isAmbiguous(routes, rule, request)) return this.#refuse("path");
    const finding = this.#finding;
    finding.value = rule.value;
    finding.fault = undefined;
    return finding;
  }

  /** Whether the host of a route, or its wildcard, covers `host`. */
  namesHost(host: string): boolean {
    return this.#hosts.find(host).host.kind !== "any";
  }

  /** Explains what `find` returns for a request. */
  explain(request: RoutedRequest): RouteExplanation<T> {
    const { value, fault, allowed } = this.find(request);
    return {
      value,
      fault,
      allowed: fault === "method" ? allowed : "",
      ambiguity: fault === "path" ? this.#ambiguity(request) : undefined,
      candidates: candidatesOf(this.#rules, request),
    };
  }

  #ambiguity(request: RoutedRequest): PathAmbiguity<T> {
    const { path, host } = request;
    const readings = this.#readings;
    const routes = this.#hosts.find(host);
    const end = pathEnd(path);
    const rule = this.#choose(routes, false, path, end, request);
    readings.begin(path, 0, end, Infinity);
    if (readings.hasNul) return { kind: "nul" };
    if (!this.#isAmbiguous(routes, rule, request) || readings.isExhausted) return { kind: "readings" };
    const { text } = readings;
    return { kind: "reading", path: text, value: this.#choose(routes, true, text, text.length, request)?.value };
  }

  /** The first rule that takes the request with the path in `target` before `end`. */
  #choose(
    routes: HostRoutes<T>,
    isReading: boolean,
    target: string,
    end: number,
    request: RoutedRequest,
  ): Rule<T> | undefined {
    for (let of: HostRoutes<T> | undefined = routes; of !== undefined; of = of.next) {
      let place: PathPlace<Rule<T>> | undefined = (isReading ? of.readings : of.paths).find(target, end);
      for (; place !== undefined; place = place.next) {
        const { rules } = place;
        for (let n = 0; n < rules.length; n++) if (rules[n]!.takes(request, this.#lookup)) return rules[n]!;
      }
    }
    return undefined;
  }

  /** Whether another rule, or none, takes the request in one of the readings of its path. */
  #isAmbiguous(routes: HostRoutes<T>, rule: Rule<T> | undefined, request: RoutedRequest): boolean {
    const readings = this.#readings;
    while (readings.next()) {
      const { text } = readings;
      if (this.#choose(routes, true, text, text.length, request) !== rule) return true;
    }
    return readings.isExhausted;
  }

  #refuse(fault: RouteFault): RouteFinding<T> {
    this.#finding.value = undefined;
    this.#finding.fault = fault;
    return this.#finding;
  }

  #refuseUnknown(routes: HostRoutes<T>, target: string, end: number, request: RoutedRequest): RouteFinding<T> {
    const allowed = new Set<string>();
    for (let of: HostRoutes<T> | undefined = routes; of !== undefined; of = of.next) {
      for (let place = of.paths.find(target, end); place !== undefined; place = place.next) {
        for (const { conditions } of place.rules) {
          if (conditions.methods !== undefined && conditions.allowsRest(request))
            for (const method of conditions.methods) allowed.add(method);
        }
      }
    }
    this.#finding.allowed = [...allowed].join(", ");
    return this.#refuse(allowed.size === 0 ? "unknown" : "method");
  }
}
