import { beforeEach, describe, expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { isFencedOff, isServed, isShared } from "./lease.js";
import type { LeaseStore } from "./lease-store.js";

const ANN = { owner: "ann", instance: "one" };

/** The behaviour that all lease stores share. @param create creates an empty store with this clock, in milliseconds. */
export function describeLeaseStore(create: (now: () => number) => LeaseStore): void {
  describe("like every lease store", () => {
    let now: number;
    let store: LeaseStore;
    beforeEach(() => {
      now = 1_000;
      store = create(() => now);
    });

    test("a name without a lease is free", () => {
      expect([store.find("shop"), store.count("ann")]).toEqual([undefined, 0]);
    });

    test("an acquired name is served, and shared with the same instance only", () => {
      const lease = store.acquire("shop", ANN);
      expect(store.find("shop")).toEqual(lease);
      expect(lease).toMatchObject({ name: "shop", owner: "ann", expiresAt: Infinity, awaited: false, fenced: [] });
      expect(lease.offlineStatus).toBe(503);
      expect([isServed(lease), isShared(lease, ANN), isShared(lease, { ...ANN, instance: "two" })]).toEqual([
        true,
        true,
        false,
      ]);
      expect(store.count("ann")).toBe(1);
    });

    test("binds without an instance share nothing", () => {
      const nameless = { owner: "ann", instance: undefined };
      expect(isShared(store.acquire("shop", nameless), nameless)).toBe(false);
    });

    test("each epoch is higher than all earlier ones, including those of other names and of names that were free in between", () => {
      const epochs = ["shop", "web", "shop"].map((name) => store.acquire(name, ANN).epoch);
      store.free("shop", epochs[2]!);
      epochs.push(store.acquire("shop", { owner: "bob", instance: "one" }).epoch);
      expect(epochs).toEqual(epochs.toSorted((one, other) => one - other));
      expect(new Set(epochs).size).toBe(4);
    });

    test("an instance that lost the name is fenced off while the new instance serves it or is awaited", () => {
      store.acquire("shop", ANN);
      const { epoch } = store.acquire("shop", { owner: "ann", instance: "two" });
      const isFenced = (instance: string): boolean => isFencedOff(store.find("shop")!, instance);
      expect([isFenced("one"), isFenced("two")]).toEqual([true, false]);
      store.keep("shop", epoch, true);
      expect(isFenced("one")).toBe(true);
      store.keep("shop", epoch, false);
      expect(isFenced("one")).toBe(false);
      const again = store.acquire("shop", ANN);
      expect([isFencedOff(again, "one"), isFencedOff(again, "two")]).toEqual([false, true]);
    });

    test("an instance that joins shares the lease with those that have it, also when none serves it any more", () => {
      const { epoch } = store.acquire("shop", ANN);
      const two = { owner: "ann", instance: "two", joins: true };
      expect(isShared(store.find("shop")!, two)).toBe(true);
      store.join("shop", epoch, "two");
      store.join("shop", epoch, "two");
      const shared = store.find("shop")!;
      expect([shared.instances, shared.epoch]).toEqual([["one", "two"], epoch]);
      store.keep("shop", epoch, true);
      const again = store.acquire("shop", { owner: "ann", instance: "three", joins: true });
      expect([again.instances, again.fenced]).toEqual([["one", "two", "three"], []]);
      // A client of the group that drops and returns without asking to join does not replace the others.
      store.keep("shop", again.epoch, true);
      expect(store.acquire("shop", ANN)).toMatchObject({ instances: ["two", "three", "one"], fenced: [] });
    });

    test("all instances that share a lease are fenced off when another client replaces them, except those that left", () => {
      const { epoch } = store.acquire("shop", ANN);
      for (const instance of ["two", "three", "four"]) store.join("shop", epoch, instance);
      store.leave("shop", epoch, "three");
      const lease = store.acquire("shop", { owner: "ann", instance: "new" });
      expect([lease.instances, lease.fenced]).toEqual([["new"], ["one", "two", "four"]]);
      const joined = store.acquire("shop", { owner: "ann", instance: "two", joins: true });
      expect([joined.instances, joined.fenced]).toEqual([
        ["new", "two"],
        ["one", "four"],
      ]);
    });

    test("an older epoch adds and removes no instance", () => {
      const { epoch } = store.acquire("shop", ANN);
      const lease = store.acquire("shop", { owner: "ann", instance: "two" });
      store.join("shop", epoch, "one");
      store.leave("shop", epoch, "two");
      expect(store.find("shop")).toEqual(lease);
    });

    test("the instances that are remembered after they lost a name are limited", () => {
      for (let n = 0; n < 3 * SERVER_LIMITS.sessionsPerName; n++) store.acquire("shop", { ...ANN, instance: `i${n}` });
      expect(store.find("shop")?.fenced).toHaveLength(SERVER_LIMITS.sessionsPerName);
    });

    test("a kept name keeps the status that its last holder chose", () => {
      store.acquire("shop", ANN);
      const { epoch } = store.acquire("shop", { ...ANN, offlineStatus: 404 });
      store.keep("shop", epoch, true);
      expect(store.find("shop")?.offlineStatus).toBe(404);
    });

    test("a kept name expires", () => {
      const { epoch } = store.acquire("shop", ANN);
      store.keep("shop", epoch, true);
      now += SERVER_LIMITS.nameHold - 1;
      expect(store.find("shop")).toMatchObject({ owner: "ann", awaited: true, expiresAt: now + 1 });
      now++;
      expect([store.find("shop"), store.count("ann")]).toEqual([undefined, 0]);
    });

    test("after a sweep, expired names are not counted", () => {
      for (const name of ["shop", "web"]) store.keep(name, store.acquire(name, ANN).epoch, false);
      now += SERVER_LIMITS.nameHold;
      expect(store.count("ann")).toBe(2);
      store.sweep();
      expect(store.count("ann")).toBe(0);
    });

    test("an older epoch changes nothing", () => {
      const { epoch } = store.acquire("shop", ANN);
      const lease = store.acquire("shop", { owner: "ann", instance: "two" });
      store.keep("shop", epoch, true);
      store.free("shop", epoch);
      expect(store.find("shop")).toEqual(lease);
      store.free("shop", lease.epoch);
      expect([store.find("shop"), store.count("ann")]).toEqual([undefined, 0]);
    });
  });
}
