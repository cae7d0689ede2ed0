import type { EjectionOptions } from "../health/ejection.js";

type Happening =
  | { readonly kind: "success"; readonly at: number; readonly elapsed: number }
  | { readonly kind: "failure" | "break_off" | "complete" | "inlier"; readonly at: number }
  | { readonly kind: "ejection"; readonly at: number; readonly until: number; readonly isOutlier: boolean };
type Ejected = Extract<Happening, { kind: "ejection" }>;

/** An attempt to use a target. */
export interface TwinAttempt {
  readonly target: number;
  /** The ejections of the target before it began. */
  readonly ejections: number;
}

/** Ejections of a pool that keep everything that happened to each target, and derive everything else from it. */
export class EjectionTwin {
  readonly #options: EjectionOptions;
  readonly #happened: Happening[][];
  #comparedAt = -Infinity;

  constructor(options: EjectionOptions, targets: number) {
    this.#options = options;
    this.#happened = Array.from({ length: targets }, () => []);
  }

  /** Whether each target is ejected. */
  ejectedAt(now: number): boolean[] {
    return this.#happened.map((happened) => {
      const last = happened.findLastIndex(({ kind }) => kind === "ejection");
      return last >= 0 && now < (happened[last] as Ejected).until && !hasRecovered(happened, last);
    });
  }

  begin(target: number): TwinAttempt {
    return { target, ejections: ejectionsOf(this.#happened[target]!).length };
  }

  /** The result of an attempt, or the end of a response. @param elapsed until a success */
  end({ target, ejections }: TwinAttempt, kind: "success" | "failure" | "break_off", now: number, elapsed = 0): void {
    const happened = this.#happened[target]!;
    if (ejections === ejectionsOf(happened).length) {
      happened.push({ kind, at: now, elapsed });
      const { failures } = this.#options;
      if (kind !== "success" && failures > 0 && this.#inARow(happened) >= failures) this.#eject(target, now, false);
    }
    if (this.#options.outliers === undefined || now < this.#comparedAt + 1_000) return;
    this.#comparedAt = now;
    this.#compare(now);
  }

  /** A response is complete. */
  complete({ target, ejections }: TwinAttempt, now: number): void {
    const happened = this.#happened[target]!;
    if (ejections === ejectionsOf(happened).length) happened.push({ kind: "complete", at: now });
  }

  /** Failures since the last success, and responses that broke off since the last complete one. */
  #inARow(happened: readonly Happening[]): number {
    const lastOutlier = happened.findLastIndex((each) => each.kind === "ejection" && each.isOutlier);
    const since = happened.slice(lastOutlier + 1);
    const last = since.findLastIndex(({ kind }) => kind === "success" || kind === "ejection");
    const before = last >= 0 && since[last]!.kind === "ejection" ? this.#options.failures - 1 : 0;
    const complete = since.findLastIndex(({ kind }) => kind === "complete");
    return before + countOf(since.slice(last + 1), "failure") + countOf(since.slice(complete + 1), "break_off");
  }

  #eject(target: number, now: number, isOutlier: boolean): void {
    const ejected = this.ejectedAt(now);
    if (ejected[target] === true || 2 * (ejected.filter(Boolean).length + 1) > ejected.length) return;
    const happened = this.#happened[target]!;
    const before = ejectionsSinceProof(happened);
    happened.push({ kind: "ejection", at: now, until: now + this.#options.time * Math.min(before + 1, 10), isOutlier });
  }

  #compare(now: number): void {
    const { window, minRequests, minSuccessRatio, maxLatencyRatio } = this.#options.outliers!;
    const part = window / 10;
    const recent = this.#happened.map((happened) =>
      happened
        .slice(happened.findLastIndex(({ kind }) => kind === "ejection") + 1)
        .filter(({ at }) => Math.floor(at / part) > Math.floor(now / part) - 10),
    );
    const requests = recent.map((each) => countOf(each, "success") + countOf(each, "failure"));
    const compared = [...requests.keys()].filter((n) => requests[n]! >= minRequests);
    const timed = compared.filter((n) => countOf(recent[n]!, "success") >= minRequests);
    const rate = (n: number): number =>
      Math.max(0, 1 - (countOf(recent[n]!, "failure") + countOf(recent[n]!, "break_off")) / requests[n]!);
    const time = (n: number): number =>
      mean(recent[n]!.flatMap((each) => (each.kind === "success" ? [Math.log(Math.max(10, each.elapsed))] : [])));
    const others = (n: number, all: number[], value: (n: number) => number): number =>
      mean(all.filter((other) => other !== n).map(value));
    const failing = compared
      .filter((n) => compared.length > 1 && rate(n) < minSuccessRatio * others(n, compared, rate))
      .sort((one, other) => rate(one) - rate(other));
    const slow = (timed.length > 1 && maxLatencyRatio > 0 ? timed : [])
      .filter((n) => Math.exp(time(n) - others(n, timed, time)) > maxLatencyRatio)
      .sort((one, other) => time(other) - time(one));
    const found = [...new Set([...failing, ...slow])];
    for (const n of found) this.#eject(n, now, true);
    for (const n of compared) if (!found.includes(n)) this.#happened[n]!.push({ kind: "inlier", at: now });
  }
}

/** The ejections since the target last showed that it works: by a success, or if it was an outlier, by a comparison. */
function ejectionsSinceProof(happened: readonly Happening[]): number {
  let count = 0;
  for (let n = 0; n < happened.length; n++) {
    const each = happened[n]!;
    if (each.kind !== "ejection") continue;
    count++;
    const next = happened.findIndex(({ kind }, at) => at > n && kind === "ejection");
    const until = happened.slice(0, next < 0 ? undefined : next);
    if (each.isOutlier ? until.slice(n).some(({ kind }) => kind === "inlier") : hasRecovered(until, n)) count = 0;
  }
  return count;
}

/** Whether a success has followed the last ejection, which is at this position: for an outlier, after its end. */
function hasRecovered(happened: readonly Happening[], ejection: number): boolean {
  const { isOutlier, until } = happened[ejection] as Ejected;
  return happened.some(({ kind, at }, n) => {
    if (n <= ejection || (kind !== "success" && kind !== "complete") || (isOutlier && at < until)) return false;
    const soFar = happened.slice(0, n + 1);
    const lastOutlier = soFar.findLastIndex((each) => each.kind === "ejection" && each.isOutlier);
    const counted = soFar.slice(lastOutlier + 1);
    const success = counted.findLastIndex((each) => each.kind === "success");
    const isSuccess = success >= 0 && !counted.slice(success).some((each) => each.kind === "failure");
    const complete = counted.findLastIndex((each) => each.kind === "complete");
    const isWhole = countOf(counted.slice(complete + 1), "break_off") === 0;

    return isWhole && isSuccess && success > ejection - lastOutlier - 1;
  });
}

function ejectionsOf(happened: readonly Happening[]): readonly Happening[] {
  return happened.filter(({ kind }) => kind === "ejection");
}

function countOf(happened: readonly Happening[], wanted: Happening["kind"]): number {
  return happened.filter(({ kind }) => kind === wanted).length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
