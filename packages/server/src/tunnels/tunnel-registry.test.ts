import { beforeEach, describe, expect, test, vi } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { TunnelRegistry } from "./tunnel-registry.js";
import type { Tunnel } from "./tunnel.js";

/** The part of a tunnel that the registry uses. */
const tunnel = (name: string, onReplaced = (): void => {}): Tunnel =>
  ({ name, epoch: 0, inUse: 0, available: true, suspect: false, checkAlive() {}, onReplaced }) as unknown as Tunnel;
const ann = { owner: "ann", instance: undefined };
const bob = { owner: "bob", instance: undefined };

let now = 0;
let registry: TunnelRegistry;
beforeEach(() => {
  now = 0;
  registry = new TunnelRegistry(new MemoryLeaseStore(() => now));
});

describe("a name", () => {
  test("without a lease is free", () => {
    expect(registry.find("app")).toBeUndefined();
    expect(registry.refusal("app", ann)).toBeUndefined();
  });

  test("in use is refused to other owners, not to its owner", () => {
    registry.add(tunnel("app"), ann);
    expect(registry.refusal("app", bob)).toBe("PN_NAME_TAKEN");
    expect(registry.refusal("app", ann)).toBeUndefined();
  });

  test("bound again by its owner replaces the former tunnel, whose end then changes nothing", () => {
    const replaced = vi.fn(() => registry.remove(first, "stopped"));
    const first = tunnel("app", replaced);
    const second = tunnel("app");
    registry.add(first, ann);
    registry.add(second, ann);
    expect(replaced).toHaveBeenCalledOnce();
    registry.remove(first, "dropped");
    expect(registry.find("app")).toBe(second);
  });

  test("after a drop is kept for its owner for SERVER_LIMITS.nameHold", () => {
    const first = tunnel("app");
    registry.add(first, ann);
    registry.remove(first, "dropped");
    now = SERVER_LIMITS.nameHold - 1;
    expect(registry.find("app")).toBe("away");
    expect(registry.refusal("app", bob)).toBe("PN_NAME_TAKEN");
    now++;
    expect(registry.find("app")).toBeUndefined();
    expect(registry.refusal("app", bob)).toBeUndefined();
  });

  test("after a stop is kept for its owner, and is offline", () => {
    const first = tunnel("app");
    registry.add(first, ann);
    registry.remove(first, "stopped");
    expect(registry.find("app")).toBe("offline");
    expect(registry.refusal("app", bob)).toBe("PN_NAME_TAKEN");
  });

  test.for(["dropped", "stopped"] as const)(
    "whose holder chose 404 is not told apart from a free one after it was %s, and is still kept",
    (how) => {
      const first = tunnel("app");
      registry.add(first, { ...ann, offlineStatus: 404 });
      expect(registry.find("app")).toBe(first);
      registry.remove(first, how);
      expect([registry.find("app"), registry.isFree("app")]).toEqual([undefined, false]);
      expect(registry.refusal("app", bob)).toBe("PN_NAME_TAKEN");
    },
  );

  test("that is freed may be bound by any owner", () => {
    const first = tunnel("app");
    registry.add(first, ann);
    registry.remove(first, "free");
    expect(registry.refusal("app", bob)).toBeUndefined();
  });
});

test("a sole session is watched only if its name is a target of a gateway, which may have others", () => {
  const watch = vi.fn();
  registry.add(Object.assign(tunnel("app"), { watch }), ann);
  registry.sweep();
  expect(watch).not.toHaveBeenCalled();
  registry.useAsTarget("app");
  registry.sweep();
  expect(watch).toHaveBeenCalledOnce();
});

test("the names of an owner are limited, and expired ones do not count", () => {
  for (let n = 0; n < SERVER_LIMITS.namesPerOwner; n++) {
    const one = tunnel(`n${n}`);
    registry.add(one, ann);
    registry.remove(one, "stopped");
  }
  expect(registry.refusal("one-more", ann)).toBe("PN_OWNER_NAME_LIMIT");
  expect(registry.refusal("n0", ann)).toBeUndefined();
  expect(registry.refusal("one-more", bob)).toBeUndefined();
  now = SERVER_LIMITS.nameHold;
  registry.sweep();
  expect(registry.refusal("one-more", ann)).toBeUndefined();
});
