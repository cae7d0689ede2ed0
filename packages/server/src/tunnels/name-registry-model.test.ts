import fc from "fast-check";
import { expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { NameRegistry, type Release } from "./name-registry.js";
import type { Tunnel } from "./tunnel.js";

const NAMES = ["app", "web"];
const OWNERS = ["ann", "bob"];
const INSTANCES = [undefined, "one", "two"];

/** A session's tunnel in the model. It may live, be half-open (its client is gone, the server does not know) or be over. */
interface Session {
  name: string;
  owner: string;
  instance: string | undefined;
  epoch: number;
  load: number;
  doubtful: boolean;
  unavailable: undefined;
  /** How often it was told that another instance took the name. */
  told: number;
  prove(): void;
  watch(): void;
}

/** What a name should look like. */
interface Held {
  owner: string;
  serving: Session[];
  expected: boolean;
  until: number;
  fenced: Set<string>;
  last: string | undefined;
  epoch: number;
}

type Step =
  | { kind: "bind"; name: string; owner: string; instance: string | undefined }
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
    }),
  },
  {
    // Any session ever, however late, and again: it may have been half-open since long ago.
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

test("whatever comes in whatever order: one instance holds a name, its owner gets it back at once, and who is of an older epoch changes nothing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = 0;
      const registry = new NameRegistry(() => now);
      const model = new Map<string, Held>();
      const sessions: Session[] = [];

      const lapse = (): void => {
        for (const [name, held] of model) if (held.serving.length === 0 && held.until <= now) model.delete(name);
      };

      for (const each of steps) {
        if (each.kind === "wait") {
          now += each.time;
          registry.sweep();
          lapse();
        } else if (each.kind === "bind") {
          const { name, owner, instance } = each;
          const held = model.get(name);
          const refusal = registry.refusal(name, { owner, instance });
          const isFenced =
            instance !== undefined && held?.fenced.has(instance) === true && (held.serving.length > 0 || held.expected);
          const due =
            held === undefined
              ? undefined
              : held.owner !== owner
                ? "PN_NAME_TAKEN"
                : isFenced
                  ? "PN_NAME_TAKEN_OVER"
                  : undefined;
          expect(refusal).toBe(due);
          if (due !== undefined) continue;

          const session: Session = {
            name,
            owner,
            instance,
            epoch: 0,
            load: 0,
            doubtful: false,
            unavailable: undefined,
            told: 0,
            prove() {},
            watch() {},
          };
          sessions.push(session);
          registry.take(session as unknown as Tunnel, { owner, instance }, () => {
            session.told++;
            // A session that is told lets go of the name, which is not its own any more.
            registry.release(session as unknown as Tunnel, "free");
          });
          const joins =
            held !== undefined && held.serving.length > 0 && instance !== undefined && instance === held.last;
          if (joins) {
            expect(session.epoch).toBe(held.epoch);
            held.serving.push(session);
          } else {
            expect(session.epoch).toBeGreaterThan(held?.epoch ?? 0);
            for (const former of held?.serving ?? []) expect(former.told).toBe(1);
            const fenced = new Set(held?.fenced);
            if (held?.last !== undefined) fenced.add(held.last);
            if (instance !== undefined) fenced.delete(instance);
            model.set(name, {
              owner,
              serving: [session],
              expected: false,
              until: Infinity,
              fenced,
              last: instance,
              epoch: session.epoch,
            });
          }
        } else if (sessions.length > 0) {
          const session = sessions[each.which % sessions.length]!;
          registry.release(session as unknown as Tunnel, each.how);
          const held = model.get(session.name);
          if (held?.serving.includes(session) === true) {
            held.serving.splice(held.serving.indexOf(session), 1);
            if (held.serving.length === 0) {
              held.expected = each.how === "dropped";
              held.until = now + SERVER_LIMITS.nameHold;
              if (each.how === "free") model.delete(session.name);
            }
          }
        }

        for (const name of NAMES) {
          const held = model.get(name);
          const found = registry.find(name) as unknown as Session | "away" | undefined;
          if (held === undefined || held.serving.length === 0) {
            expect(found).toBe(held?.expected === true ? "away" : undefined);
            continue;
          }
          expect(held.serving).toContain(found);
          expect(new Set(held.serving.map(({ owner, instance, epoch }) => `${owner} ${instance} ${epoch}`)).size).toBe(
            1,
          );
          for (const { told } of held.serving) expect(told).toBe(0);
        }
        expect(registry.tunnels).toBe([...model.values()].filter(({ serving }) => serving.length > 0).length);
      }
    }),
    { numRuns: 500 },
  );
});
