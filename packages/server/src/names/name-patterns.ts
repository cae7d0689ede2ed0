const PATTERN = /^(?=.)[a-z0-9-]{0,63}\*?$/;
const MAX_PATTERNS = 1_000;

/** The names that a principal may bind: single names and prefixes (`team-*`). */
export class NamePatterns {
  /** Every name. */
  static readonly any = new NamePatterns(["*"]);

  readonly exact: readonly string[];
  readonly prefixes: readonly string[];

  private constructor(patterns: readonly string[]) {
    this.exact = patterns.filter((each) => !each.endsWith("*"));
    this.prefixes = patterns.filter((each) => each.endsWith("*")).map((each) => each.slice(0, -1));
  }

  /** Parses a claim; undefined: it is not a list of names. */
  static parse(claim: unknown): NamePatterns | undefined {
    if (!Array.isArray(claim) || claim.length > MAX_PATTERNS) return undefined;
    const patterns = claim.map((each) => (typeof each === "string" ? each.toLowerCase() : ""));
    return patterns.every((each) => PATTERN.test(each)) ? new NamePatterns(patterns) : undefined;
  }

  allow(name: string): boolean {
    return this.exact.includes(name) || this.prefixes.some((prefix) => name.startsWith(prefix));
  }
}
