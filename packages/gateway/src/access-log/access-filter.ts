import type { FinishedRequest } from "../route.js";

/** Which requests are logged. Default: all. */
export interface AccessFilterOptions {
  /** Only responses with one of these: a status, or a class such as `4xx`. Empty: any. */
  readonly statuses?: readonly string[];
  /** Only requests that took at least this many milliseconds. 0: any. With `statuses`, one of the two is enough. */
  readonly slowerThan?: number;
  /** Paths whose requests are not logged. At the end, `/*` stands for everything below. */
  readonly excludePaths?: readonly string[];
  /** The share of the remaining requests that is logged, 0 to 1. */
  readonly sample?: number;
}

const BELOW = "/*";

/** Decides which requests are logged. */
export class AccessFilter {
  readonly #statuses: ReadonlySet<number>;
  /** First digits of statuses. */
  readonly #classes: ReadonlySet<number>;
  readonly #hasStatuses: boolean;
  readonly #slowerThan: number;
  readonly #paths: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #sample: number;
  readonly #random: () => number;
  readonly #takesAll: boolean;

  constructor(
    { statuses = [], slowerThan = 0, excludePaths = [], sample = 1 }: AccessFilterOptions,
    random: () => number = Math.random,
  ) {
    const isClass = (status: string): boolean => status.endsWith("xx");
    this.#statuses = new Set(statuses.filter((status) => !isClass(status)).map(Number));
    this.#classes = new Set(statuses.filter(isClass).map((status) => Number(status[0])));
    this.#hasStatuses = statuses.length > 0;
    this.#slowerThan = slowerThan;
    const prefixes = excludePaths.filter((path) => path.endsWith(BELOW)).map((path) => path.slice(0, -1));
    this.#prefixes = prefixes;
    this.#paths = new Set([...excludePaths, ...prefixes.map((prefix) => prefix.slice(0, -1))]);
    this.#sample = sample;
    this.#random = random;
    this.#takesAll = !this.#hasStatuses && slowerThan === 0 && excludePaths.length === 0 && sample >= 1;
  }

  takes(request: FinishedRequest): boolean {
    if (this.#takesAll) return true;
    if (!this.#isAsked(request)) return false;
    if (this.#paths.size > 0 && this.#isExcluded(request.path)) return false;
    return this.#sample >= 1 || this.#random() < this.#sample;
  }

  #isAsked({ status, startedAt, endedAt }: FinishedRequest): boolean {
    if (!this.#hasStatuses && this.#slowerThan === 0) return true;
    if (this.#slowerThan > 0 && endedAt - startedAt >= this.#slowerThan) return true;
    return this.#statuses.has(status) || this.#classes.has(Math.min(5, Math.floor(status / 100)));
  }

  #isExcluded(target: string): boolean {
    const query = target.indexOf("?");
    const path = query < 0 ? target : target.slice(0, query);
    if (this.#paths.has(path)) return true;
    for (let n = 0; n < this.#prefixes.length; n++) if (path.startsWith(this.#prefixes[n]!)) return true;
    return false;
  }
}
