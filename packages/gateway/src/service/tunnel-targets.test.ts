import { beforeEach, expect, test } from "vitest";
import { LabelledTraffic, type Labelled } from "../records/labelled-traffic.js";
import type { Upstream } from "../upstream/upstream.js";
import { TunnelTargets } from "./tunnel-targets.js";
import type { TunnelUpstream } from "./tunnel-target.js";

/** A tunnel, or a client that serves it. */
class FakeTunnel implements TunnelUpstream {
  members: readonly TunnelUpstream[] = [];
  readonly unavailable = undefined;
  readonly suspect = false;
  readonly outcomes: string[] = [];
  readonly name?: string;
  readonly number?: number;
  readonly hostHeader?: string;
  readonly weight?: number;
  readonly authority?: string;

  constructor(fields: Partial<FakeTunnel>) {
    Object.assign(this, fields);
  }
  dial(): never {
    throw new Error("not dialled");
  }
  onOutcome(outcome: string): void {
    this.outcomes.push(outcome);
  }
}

let traffic: LabelledTraffic;
let tunnel: FakeTunnel;
let counted: Map<Upstream, Labelled>;
let targets: TunnelTargets;
const one = new FakeTunnel({ name: "instance-1", number: 1, weight: 3 });
const two = new FakeTunnel({ name: "instance-2", number: 2, hostHeader: "two.internal" });
beforeEach(() => {
  traffic = new LabelledTraffic(10, { target: "rest" });
  tunnel = new FakeTunnel({ authority: "web.example" });
  counted = new Map();
  const onUsed = (upstream: Upstream, each: Labelled): void => void counted.set(upstream, each);
  targets = new TunnelTargets({ name: "web", tunnel, basePath: "/base", traffic, onUsed });
});

const names = (): (string | undefined)[] => targets.targets.map(({ upstream }) => upstream.name);

test("a tunnel that one client serves is one target", () => {
  expect(names()).toEqual(["tunnel://web"]);
  expect(targets.targets).toBe(targets.targets);
  const { upstream } = targets.targets[0]!;
  expect([upstream.authority, upstream.basePath, upstream.weight]).toEqual(["web.example", "/base", 1]);
  expect(counted.get(upstream)?.labels).toEqual({ target: "tunnel://web" });
});

test("each client of a group is a target with its own weight, Host, name for policies, and metrics", () => {
  tunnel.members = [one, two];
  expect(names()).toEqual(["tunnel://web#1", "tunnel://web#2"]);
  const [first, second] = targets.targets;
  expect([first!.weight, second!.weight, first!.name, second!.name]).toEqual([3, 1, "instance-1", "instance-2"]);
  expect([first!.upstream.hostHeader, second!.upstream.hostHeader]).toEqual([undefined, "two.internal"]);
  for (const { upstream } of targets.targets) {
    expect([upstream.authority, upstream.basePath]).toEqual(["web.example", "/base"]);
    expect(counted.get(upstream)?.labels).toEqual({ target: upstream.name });
  }
  first!.onAttempt("refused");
  expect([one.outcomes, two.outcomes]).toEqual([["refused"], []]);
});

test("a client that remains or returns keeps its target, and the label of one that leaves is free", () => {
  const labels = (): unknown[] => [...traffic.all()].map((each) => each.labels["target"]);
  tunnel.members = [one, two];
  const [first, second] = targets.targets;
  tunnel.members = [two];
  expect(targets.targets).toEqual([second]);
  expect(names()).toEqual(["tunnel://web#2"]);
  tunnel.members = [one, two];
  expect(targets.targets).toEqual([first, second]);
  tunnel.members = [two];
  expect(names()).toEqual(["tunnel://web#2"]);
  // Labels that are in use keep others out only up to the limit.
  for (let n = 0; n < 9; n++) traffic.use({ target: `other-${n}` });
  expect(labels()).not.toContain("tunnel://web#1");
  expect(labels()).toContain("tunnel://web#2");
  targets.close();
  tunnel.members = [one];
  expect(targets.targets).toEqual([second]);
  traffic.use({ target: "one more" });
  expect(labels()).not.toContain("tunnel://web#2");
});
