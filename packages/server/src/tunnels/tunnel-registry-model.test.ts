import fc from "fast-check";
import { expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import type { Holder } from "../names/lease.js";
import type { GroupRoute } from "./group-route.js";
import { TunnelRegistry, type Release } from "./tunnel-registry.js";
import type { Tunnel } from "./tunnel.js";

const NAMES = ["app", "web"];
const OWNERS = ["ann", "bob"];
const INSTANCES = [undefined, "one", "two", "three"];
/** By instance. Default 1. */
const WEIGHTS: Readonly<Record<string, number>> = { two: 0, three: 5 };

/**
 * A session's tunnel in the model. It may be alive, half-open (its client is gone, and the server does not know) or
 * closed.
 */
interface FakeTunnel {
  name: string;
  owner: string;
  instance: string | undefined;
  epoch: number;
  inUse: number;
  suspect: boolean;
  available: true;
  groupWeight: number;
  /** How often it was replaced by another instance. */
  replaced: number;
  checkAlive(): void;
  watch(): void;
  onGroup(): void;
  onReplaced(): void;
}

/** The expected state of a name. */
interface Expected {
  owner: string;
  serving: FakeTunnel[];
  awaited: boolean;
  expiresAt: number;
  fenced: Set<string>;
  instances: string[];
  epoch: number;
}

type Step =
  | { kind: "bind"; name: string; owner: string; instance: string | undefined; joins: boolean }
  | { kind: "release"; which: number; how: Release }
  | { kind: "wait"; time: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("bind" as const),
      name: fc.constantFrom(...NAMES),
      owner: fc.constantFrom(...OWNERS),
      instance: fc.constantFrom(...INSTANCES),
      joins: fc.boolean(),
    }),
  },
  {
    // Any tunnel can be released at any time, and more than once, because it may have been half-open for a long time.
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("release" as const),
      which: fc.nat(),
      how: fc.constantFrom<Release>("dropped", "stopped", "free"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      time: fc.constantFrom(1_000, SERVER_LIMITS.nameHold / 2, SERVER_LIMITS.nameHold),
    }),
  },
);

test("in any order of events one client or group holds a name, its owner can always bind it, and older epochs change nothing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = 0;
      const leases = new MemoryLeaseStore(() => now);
      const registry = new TunnelRegistry(leases);
      const model = new Map<string, Expected>();
      const sessions: FakeTunnel[] = [];

      const expire = (): void => {
        for (const [name, held] of model) if (held.serving.length === 0 && held.expiresAt <= now) model.delete(name);
      };

      for (const each of steps) {
        if (each.kind === "wait") {
          now += each.time;
          registry.sweep();
          expire();
        } else if (each.kind === "bind") {
          const { name, owner, instance } = each;
          const held = model.get(name);
          const weight = WEIGHTS[instance ?? ""];
          const holder: Holder = {
            owner,
            instance,
            // Without an instance, a client cannot join.
            joins: each.joins && instance !== undefined,
            ...(weight === undefined ? {} : { weight }),
          };
          const refusal = registry.refusal(name, holder);
          const isFenced =
            instance !== undefined && held?.fenced.has(instance) === true && (held.serving.length > 0 || held.awaited);
          const expected =
            held === undefined
              ? undefined
              : held.owner !== owner
                ? "PN_NAME_TAKEN"
                : isFenced
                  ? "PN_NAME_TAKEN_OVER"
                  : undefined;
          expect(refusal).toBe(expected);
          if (expected !== undefined) continue;

          const session: FakeTunnel = {
            name,
            owner,
            instance,
            epoch: 0,
            inUse: 0,
            suspect: false,
            available: true,
            groupWeight: 1,
            replaced: 0,
            checkAlive() {},
            watch() {},
            onGroup() {},
            onReplaced() {
              session.replaced++;
              // A replaced session removes its tunnel. This must no longer change the name.
              registry.remove(session as unknown as Tunnel, "free");
            },
          };
          sessions.push(session);
          registry.add(session as unknown as Tunnel, holder);
          const isMember =
            held !== undefined &&
            instance !== undefined &&
            (holder.joins === true || held.instances.includes(instance));
          const instances = isMember ? held.instances.filter((other) => other !== instance) : [];
          if (instance !== undefined) instances.push(instance);
          if (isMember && held.serving.length > 0) {
            expect(session.epoch).toBe(held.epoch);
            held.serving.push(session);
            if (!held.instances.includes(instance)) held.instances.push(instance);
          } else {
            expect(session.epoch).toBeGreaterThan(held?.epoch ?? 0);
            for (const former of held?.serving ?? []) expect(former.replaced).toBe(1);
            const fenced = new Set(held?.fenced);
            if (!isMember) for (const other of held?.instances ?? []) fenced.add(other);
            if (instance !== undefined) fenced.delete(instance);
            model.set(name, {
              owner,
              serving: [session],
              awaited: false,
              expiresAt: Infinity,
              fenced,
              instances,
              epoch: session.epoch,
            });
          }
        } else if (sessions.length > 0) {
          const session = sessions[each.which % sessions.length]!;
          registry.remove(session as unknown as Tunnel, each.how);
          const held = model.get(session.name);
          if (held?.serving.includes(session) === true) {
            held.serving.splice(held.serving.indexOf(session), 1);
            const hasStopped = each.how !== "dropped" && held.serving.length > 0;
            if (hasStopped && !held.serving.some(({ instance }) => instance === session.instance))
              held.instances = held.instances.filter((instance) => instance !== session.instance);
            if (held.serving.length === 0) {
              held.awaited = each.how === "dropped";
              held.expiresAt = now + SERVER_LIMITS.nameHold;
              if (each.how === "free") model.delete(session.name);
            }
          }
        }

        for (const owner of OWNERS)
          expect(leases.count(owner)).toBe([...model.values()].filter((held) => held.owner === owner).length);
        for (const name of NAMES) {
          const held = model.get(name);
          const found = registry.find(name) as unknown as FakeTunnel | GroupRoute | "away" | "offline" | undefined;
          const lease = leases.find(name);
          expect(
            lease && [lease.owner, lease.instances, new Set(lease.fenced), lease.epoch, lease.expiresAt, lease.awaited],
          ).toEqual(held && [held.owner, held.instances, held.fenced, held.epoch, held.expiresAt, held.awaited]);
          if (held === undefined || held.serving.length === 0) {
            expect(found).toBe(held === undefined ? undefined : held.awaited ? "away" : "offline");
            continue;
          }
          const clients = [...new Set(held.serving.map(({ instance }) => instance))];
          const taking = clients.filter((instance) => WEIGHTS[instance ?? ""] !== 0);
          if (taking.length === 0) expect(found).toBe("offline");
          else if (clients.length === 1) expect(held.serving).toContain(found);
          else {
            const group = found as GroupRoute;
            expect(group.members.map((member) => member.name)).toEqual(expect.arrayContaining(clients));
            expect(group.members).toHaveLength(clients.length);
            expect(new Set(group.pool.candidates.map((member) => member.name))).toEqual(new Set(taking));
          }
          expect(registry.memberCount(name)).toBe(clients.length);
          expect(new Set(held.serving.map(({ owner, epoch }) => `${owner} ${epoch}`)).size).toBe(1);
          for (const { replaced } of held.serving) expect(replaced).toBe(0);
        }
        expect(registry.size).toBe([...model.values()].filter(({ serving }) => serving.length > 0).length);
      }
    }),
    { numRuns: 500 },
  );
});
