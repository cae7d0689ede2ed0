import { beforeEach, describe, expect, test, vi } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { NameRegistry } from "./name-registry.js";
import type { Tunnel } from "./tunnel.js";

/** A tunnel as far as the registry looks at it. */
class PlayedTunnel {
  readonly name = "app";
  epoch = 0;
  load = 0;
  doubtful = false;
  unavailable: object | undefined;
  readonly prove = vi.fn();
  readonly watch = vi.fn();
  readonly replaced = vi.fn();
}

let names: NameRegistry;
beforeEach(() => {
  names = new NameRegistry(() => 0);
});

/** A session of the instance serves the name. */
function taken(instance: string | undefined, owner = "ann"): PlayedTunnel {
  const tunnel = new PlayedTunnel();
  expect(names.refusal("app", { owner, instance })).toBeUndefined();
  names.take(tunnel as unknown as Tunnel, { owner, instance }, tunnel.replaced);
  return tunnel;
}
const release = (tunnel: PlayedTunnel, how: "dropped" | "stopped" = "dropped"): void =>
  names.release(tunnel as unknown as Tunnel, how);
const picked = (): unknown => names.find("app");

describe("sessions of one instance", () => {
  test("serve a name together, in turn", () => {
    const tunnels = [taken("one"), taken("one"), taken("one")];
    expect(new Set(tunnels.map(() => picked()))).toEqual(new Set(tunnels));
    for (const { replaced } of tunnels) expect(replaced).not.toHaveBeenCalled();
    expect(names.tunnels).toBe(1);
  });

  test("get the next request where there is the least to do", () => {
    const [busy, idle] = [taken("one"), taken("one")];
    busy.load = 3;
    idle.load = 1;
    for (let n = 0; n < 4; n++) expect(picked()).toBe(idle);
    idle.load = 4;
    expect(picked()).toBe(busy);
  });

  test("get none that drain or owe a sign of life while there is another, and all the same where there is none", () => {
    const [draining, doubtful, good] = [taken("one"), taken("one"), taken("one")];
    draining.unavailable = {};
    doubtful.doubtful = true;
    good.load = 100;
    for (let n = 0; n < 4; n++) expect(picked()).toBe(good);
    release(good);
    for (let n = 0; n < 4; n++) expect(picked()).toBe(doubtful);
    release(doubtful);
    expect(picked()).toBe(draining);
  });

  test("are asked whether they live when another comes: it may be there because they do not", () => {
    const first = taken("one");
    expect(first.prove).not.toHaveBeenCalled();
    const second = taken("one");
    expect(first.prove).toHaveBeenCalledOnce();
    expect(second.prove).not.toHaveBeenCalled();
  });

  test("leave a name that is served as long as one of them is there, and is away then", () => {
    const [first, second] = [taken("one"), taken("one")];
    release(first);
    release(first);
    expect([picked(), names.tunnels]).toEqual([second, 1]);
    release(second);
    expect([picked(), names.tunnels]).toEqual(["away", 0]);
  });

  test("are so many and no more", () => {
    const tunnels = Array.from({ length: SERVER_LIMITS.sessionsPerName }, () => taken("one"));
    expect(names.refusal("app", { owner: "ann", instance: "one" })).toBe("PN_TUNNEL_LIMIT");
    expect(names.refusal("app", { owner: "ann", instance: "two" })).toBeUndefined();
    release(tunnels[0]!);
    expect(names.refusal("app", { owner: "ann", instance: "one" })).toBeUndefined();
  });
});

describe("another instance", () => {
  test("takes the place of all sessions of the former, each of which is told once", () => {
    const former = [taken("one"), taken("one")];
    const latter = taken("two");
    for (const { replaced } of former) expect(replaced).toHaveBeenCalledOnce();
    expect(picked()).toBe(latter);
    expect(latter.epoch).toBeGreaterThan(former[0]!.epoch);
    for (const tunnel of former) release(tunnel, "stopped");
    expect([picked(), names.tunnels]).toEqual([latter, 1]);
  });

  test("is any that does not say which it is", () => {
    const former = taken(undefined);
    const latter = taken(undefined);
    expect(former.replaced).toHaveBeenCalledOnce();
    expect(picked()).toBe(latter);
  });

  test("keeps the name against a late session of the former, also while it is away", () => {
    taken("one");
    const latter = taken("two");
    expect(names.refusal("app", { owner: "ann", instance: "one" })).toBe("PN_NAME_TAKEN_OVER");
    release(latter);
    expect(names.refusal("app", { owner: "ann", instance: "one" })).toBe("PN_NAME_TAKEN_OVER");
    const back = taken("two");
    expect(picked()).toBe(back);
    release(back, "stopped");
    expect(picked()).toBeUndefined();
    expect(taken("one").epoch).toBeGreaterThan(back.epoch);
  });
});
