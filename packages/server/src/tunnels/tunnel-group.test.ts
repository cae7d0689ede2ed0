import { beforeEach, describe, expect, test, vi } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { TunnelRegistry } from "./tunnel-registry.js";
import type { Tunnel } from "./tunnel.js";

/** The part of a tunnel that the registry uses. */
class FakeTunnel {
  readonly name = "app";
  epoch = 0;
  inUse = 0;
  readonly weight = 1;
  readonly share = 1;
  suspect = false;
  available = true;
  readonly checkAlive = vi.fn();
  readonly watch = vi.fn();
  readonly onReplaced = vi.fn();
}

let registry: TunnelRegistry;
beforeEach(() => {
  registry = new TunnelRegistry(new MemoryLeaseStore(() => 0));
});

/** Binds the name for a session of the instance. */
function bound(instance: string | undefined, owner = "ann"): FakeTunnel {
  const tunnel = new FakeTunnel();
  expect(registry.refusal("app", { owner, instance })).toBeUndefined();
  registry.add(tunnel as unknown as Tunnel, { owner, instance });
  return tunnel;
}
const remove = (tunnel: FakeTunnel, how: "dropped" | "stopped" = "dropped"): void =>
  registry.remove(tunnel as unknown as Tunnel, how);
const picked = (): unknown => registry.find("app");

describe("sessions of one instance", () => {
  test("serve a name together, in turn", () => {
    const tunnels = [bound("one"), bound("one"), bound("one")];
    expect(new Set(tunnels.map(() => picked()))).toEqual(new Set(tunnels));
    for (const { onReplaced } of tunnels) expect(onReplaced).not.toHaveBeenCalled();
    expect(registry.size).toBe(1);
  });

  test("share requests by the least load", () => {
    const [busy, idle] = [bound("one"), bound("one")];
    busy.inUse = 3;
    idle.inUse = 1;
    for (let n = 0; n < 4; n++) expect(picked()).toBe(idle);
    idle.inUse = 4;
    expect(picked()).toBe(busy);
  });

  test("are passed over while they drain or are suspect, unless there is no other", () => {
    const [draining, suspect, good] = [bound("one"), bound("one"), bound("one")];
    draining.available = false;
    suspect.suspect = true;
    good.inUse = 100;
    for (let n = 0; n < 4; n++) expect(picked()).toBe(good);
    remove(good);
    for (let n = 0; n < 4; n++) expect(picked()).toBe(suspect);
    remove(suspect);
    expect(picked()).toBe(draining);
  });

  test("are checked when another session joins, because they may be lost", () => {
    const first = bound("one");
    expect(first.checkAlive).not.toHaveBeenCalled();
    const second = bound("one");
    expect(first.checkAlive).toHaveBeenCalledOnce();
    expect(second.checkAlive).not.toHaveBeenCalled();
  });

  test("serve the name until the last one drops, which is then awaited", () => {
    const [first, second] = [bound("one"), bound("one")];
    remove(first);
    remove(first);
    expect([picked(), registry.size]).toEqual([second, 1]);
    remove(second);
    expect([picked(), registry.size]).toEqual(["away", 0]);
  });

  test("are limited in number", () => {
    const tunnels = Array.from({ length: SERVER_LIMITS.sessionsPerName }, () => bound("one"));
    expect(registry.refusal("app", { owner: "ann", instance: "one" })).toBe("PN_NAME_SESSION_LIMIT");
    expect(registry.refusal("app", { owner: "ann", instance: "two" })).toBeUndefined();
    remove(tunnels[0]!);
    expect(registry.refusal("app", { owner: "ann", instance: "one" })).toBeUndefined();
  });
});

describe("another instance", () => {
  test("replaces all sessions of the former one, each of which is notified once", () => {
    const former = [bound("one"), bound("one")];
    const latter = bound("two");
    for (const { onReplaced } of former) expect(onReplaced).toHaveBeenCalledOnce();
    expect(picked()).toBe(latter);
    expect(latter.epoch).toBeGreaterThan(former[0]!.epoch);
    for (const tunnel of former) remove(tunnel, "stopped");
    expect([picked(), registry.size]).toEqual([latter, 1]);
  });

  test("replaces the former one also if neither has an instance id", () => {
    const former = bound(undefined);
    const latter = bound(undefined);
    expect(former.onReplaced).toHaveBeenCalledOnce();
    expect(picked()).toBe(latter);
  });

  test("keeps the name when a late session of the former instance binds it, even while it is away itself", () => {
    bound("one");
    const latter = bound("two");
    expect(registry.refusal("app", { owner: "ann", instance: "one" })).toBe("PN_NAME_TAKEN_OVER");
    remove(latter);
    expect(registry.refusal("app", { owner: "ann", instance: "one" })).toBe("PN_NAME_TAKEN_OVER");
    const back = bound("two");
    expect(picked()).toBe(back);
    remove(back, "stopped");
    expect(picked()).toBe("offline");
    expect(bound("one").epoch).toBeGreaterThan(back.epoch);
  });
});
