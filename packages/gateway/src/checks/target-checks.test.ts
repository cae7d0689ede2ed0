import { beforeEach, describe, expect, test } from "vitest";
import { fixedRandom } from "../balance/balance.suite.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import { Verdict } from "../health/verdict.js";
import type { CheckOptions, HttpCheckOptions } from "./check-options.js";
import { TargetChecks, type CheckedTarget } from "./target-checks.js";

const CHECK: HttpCheckOptions = {
  kind: "http",
  method: "GET",
  path: "/",
  statuses: [200],
  interval: 10_000,
  timeout: 1_000,
  unhealthyAfter: 2,
  healthyAfter: 2,
};

class Checked implements CheckedTarget {
  readonly upstream = new FakeUpstream({ authority: "t:80" });
  readonly verdicts = [new Verdict(CHECK)];
  readonly changes: string[] = [];
  onVerdict({ state }: Verdict): void {
    this.changes.push(state);
  }
  /** The response to the check in progress. */
  respond(status: number): void {
    this.upstream.stream.arrive(Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`));
  }
  get checks(): number {
    return this.upstream.streams.length;
  }
  get state(): string {
    return this.verdicts[0]!.state;
  }
}

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

function checksOf(
  targets: () => CheckedTarget[],
  check: CheckOptions = CHECK,
  random: () => number = () => 0.5,
): TargetChecks {
  const checks = new TargetChecks({ checks: [check], targets, clock, random });
  clock.pass(0);
  return checks;
}

describe("the checks of a pool", () => {
  test("begin at once, and then at each interval", () => {
    const target = new Checked();
    const checks = checksOf(() => [target]);
    expect([target.checks, target.state]).toEqual([1, "unknown"]);
    target.respond(200);
    expect(target.state).toBe("healthy");
    clock.pass(9_990);
    expect(target.checks).toBe(1);
    clock.pass(20);
    expect(target.checks).toBe(2);
    checks.close();
    expect(clock.running).toBe(0);
  });

  test.each([
    [0, 9_000],
    [0.999_999, 11_000],
  ])("come up to a tenth of the interval earlier or later (random number %d)", (random, expected) => {
    const target = new Checked();
    const checks = checksOf(
      () => [target],
      CHECK,
      () => random,
    );
    target.respond(200);
    clock.pass(expected - 10);
    expect(target.checks).toBe(1);
    clock.pass(20);
    expect(target.checks).toBe(2);
    checks.close();
  });

  test("change a verdict after several results in a row, and come soon while it is in doubt", () => {
    const target = new Checked();
    const checks = checksOf(() => [target]);
    target.respond(500);
    expect([target.state, target.changes]).toEqual(["unknown", []]);
    clock.pass(2_000);
    target.respond(500);
    expect([target.state, target.changes, target.verdicts[0]?.fault]).toEqual([
      "unhealthy",
      ["unhealthy"],
      "it responded with 500",
    ]);
    clock.pass(10_000);
    target.respond(200);
    clock.pass(2_000);
    target.respond(500);
    clock.pass(10_000);
    target.respond(200);
    expect(target.changes).toEqual(["unhealthy"]);
    clock.pass(2_000);
    target.respond(200);
    expect(target.changes).toEqual(["unhealthy", "healthy"]);
    checks.close();
  });

  test("end when they time out, and leave nothing behind when they are closed", () => {
    const target = new Checked();
    const checks = checksOf(() => [target]);
    clock.pass(1_000);
    expect([target.verdicts[0]?.fault, target.upstream.stream.state]).toEqual([
      "it did not respond within 1000 ms",
      "reset",
    ]);
    clock.pass(2_000);
    expect(target.checks).toBe(2);
    checks.close();
    checks.close();
    expect([target.upstream.stream.state, clock.running]).toEqual(["reset", 0]);
  });

  test("end also if they are closed when their timer has just ended", () => {
    const target = new Checked();
    const tasks: (() => void)[] = [];
    const late = { now: () => clock.now(), after: (_: number, task: () => void) => (tasks.push(task), (): void => {}) };
    const checks = new TargetChecks({ checks: [CHECK], targets: () => [target], clock: late });
    checks.close();
    for (const task of tasks.splice(0)) task();
    expect([target.checks, tasks.length]).toEqual([0, 0]);
  });

  test("with a timeout longer than their interval find a target that does not respond, one check at a time", () => {
    const target = new Checked();
    const checks = checksOf(() => [target], { ...CHECK, interval: 1_000, timeout: 5_000 });
    clock.pass(4_990);
    expect([target.checks, clock.running]).toEqual([1, 2]);
    for (let n = 0; n < 10; n++) clock.pass(1_000);
    expect([target.state, target.verdicts[0]?.fault]).toEqual(["unhealthy", "it did not respond within 5000 ms"]);
    checks.close();
  });

  test("end if a target sends a response one byte at a time without end", () => {
    const target = new Checked();
    const checks = checksOf(() => [target]);
    target.upstream.stream.arrive(Buffer.from("HTTP/1.1 200 OK\r\nA: "));
    for (let n = 0; n < 1_000; n++) target.upstream.stream.arrive(Buffer.from("x"));
    expect(target.verdicts[0]?.fault).toBe("its response arrives in too many pieces");
    expect(target.upstream.stream.received).toBeLessThan(600);
    checks.close();
  });

  test("follow targets that come and go", () => {
    const [first, second] = [new Checked(), new Checked()];
    let targets = [first];
    const checks = checksOf(() => targets);
    targets = [second];
    clock.pass(2_000);
    expect([first.upstream.stream.state, first.checks, second.checks]).toEqual(["reset", 1, 1]);
    clock.pass(60_000);
    expect(first.checks).toBe(1);
    checks.close();
  });

  test("are spread over the interval for targets whose state is known from before a reload", () => {
    const target = new Checked();
    target.verdicts[0]!.onResult(undefined);
    const checks = checksOf(() => [target]);
    clock.pass(4_990);
    expect(target.checks).toBe(0);
    clock.pass(20);
    expect(target.checks).toBe(1);
    checks.close();
  });

  test("fail at once for a tunnel without a client", () => {
    const target = new Checked();
    target.upstream.unavailable = "gone";
    const checks = checksOf(() => [target]);
    clock.pass(0);
    expect(target.verdicts[0]?.fault).toBe("the tunnel's client is not connected");
    checks.close();
  });

  test.each(["before", "during"])("say nothing about a tunnel that is full %s the check", (when) => {
    const target = new Checked();
    const checks = checksOf(() => [target]);
    target.respond(500);
    if (when === "before") target.upstream.unavailable = "full";
    clock.pass(2_000);
    target.upstream.unavailable = "full";
    target.upstream.stream.break({ cause: "full", delivered: 0 });
    for (let n = 0; n < 9; n++) clock.pass(10_000);
    expect([target.state, target.verdicts[0]?.fault]).toEqual(["unknown", "it responded with 500"]);
    target.upstream.unavailable = undefined;
    clock.pass(11_000);
    target.respond(500);
    expect(target.state).toBe("unhealthy");
    checks.close();
  });

  test("begin one after the other in a large pool, within a part of their interval", () => {
    const all = Array.from({ length: 500 }, () => new Checked());
    const random = fixedRandom(3);
    const checks = new TargetChecks({ checks: [CHECK], targets: () => all, clock, random });
    const begun = (): number => all.filter((target) => target.checks > 0).length;
    let most = 0;
    for (let n = 0; n < 50; n++) {
      const before = begun();
      clock.pass(100);
      most = Math.max(most, begun() - before);
    }
    expect([begun(), most < 30]).toEqual([500, true]);
    checks.close();
  });

  test.each(["gone", "full"] as const)("by connection of a tunnel ask whether it has a client: %s", (unavailable) => {
    const target = new Checked();
    target.upstream.unavailable = unavailable;
    const { interval, timeout, unhealthyAfter, healthyAfter } = CHECK;
    const check = { kind: "tcp", interval, timeout, unhealthyAfter, healthyAfter } as const;
    const checks = checksOf(() => [target], check);
    clock.pass(0);
    const fault = unavailable === "gone" ? "the tunnel's client is not connected" : undefined;
    expect([target.verdicts[0]?.isInDoubt, target.verdicts[0]?.fault]).toEqual([fault !== undefined, fault]);
    checks.close();
  });
});
