import fc from "fast-check";
import { expect, test } from "vitest";
import type { LocalState } from "../local/local-monitor.js";
import type { ConnectionState } from "../session/connection-state.js";
import type { DataPlaneState } from "../probe/data-plane.js";
import { healthScore, type HealthFacts } from "./health-score.js";

const PERFECT: HealthFacts = {
  state: "connected",
  retries: 0,
  drops: 0,
  pingLatency: 20,
  dataPlane: "ok",
  local: "ok",
  localFailedLately: false,
};

const STATES: ConnectionState[] = [
  "disconnected",
  "connecting",
  "authenticating",
  "connected",
  "reconnecting",
  "draining",
  "failed",
];
/** From best to worst. */
const DATA_PLANES: DataPlaneState[] = ["ok", "unknown", "failing"];
const LOCALS: LocalState[] = ["ok", "unknown", "failing"];

const facts = fc.record<HealthFacts>({
  state: fc.constantFrom(...STATES),
  retries: fc.nat({ max: 1_000 }),
  drops: fc.nat({ max: 20 }),
  pingLatency: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
  dataPlane: fc.constantFrom(...DATA_PLANES),
  local: fc.constantFrom(...LOCALS),
  localFailedLately: fc.boolean(),
});

test("only an endpoint without any problem has a score of 100", () => {
  expect(healthScore(PERFECT)).toBe(100);
  expect(healthScore({ ...PERFECT, pingLatency: undefined })).toBe(100);
});

test.for([
  ["a failed endpoint", { state: "failed" }, 0],
  ["the first attempt", { state: "connecting" }, 30],
  ["the fourth retry", { state: "reconnecting", retries: 4 }, 18],
  ["the hundredth retry", { state: "reconnecting", retries: 100 }, 0],
  ["one recent drop", { drops: 1 }, 90],
  ["many recent drops", { drops: 9 }, 80],
  ["a slow heartbeat", { pingLatency: 300 }, 96],
  ["a very slow heartbeat", { pingLatency: 60_000 }, 85],
  ["an unreachable local service", { local: "failing", localFailedLately: true }, 40],
  ["a local service that was unreachable half a minute ago", { localFailedLately: true }, 80],
  ["a local service that was not checked yet", { local: "unknown" }, 100],
  ["no probe yet", { dataPlane: "unknown" }, 95],
  ["a failing data plane", { dataPlane: "failing" }, 40],
  ["all at once", { drops: 9, pingLatency: 60_000, local: "failing", dataPlane: "failing" }, 0],
] as const)("%s", ([, change, score]) => {
  expect(healthScore({ ...PERFECT, ...change })).toBe(score);
});

test("the score is a whole number from 0 to 100, the same for the same facts", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const score = healthScore(given);
      expect(Number.isInteger(score) && score >= 0 && score <= 100).toBe(true);
      expect(healthScore({ ...given })).toBe(score);
    }),
  );
});

test("no fact that gets worse raises the score", () => {
  const worse: ((given: HealthFacts) => HealthFacts)[] = [
    (given) => ({ ...given, retries: given.retries + 1 }),
    (given) => ({ ...given, drops: given.drops + 1 }),
    (given) => ({ ...given, pingLatency: (given.pingLatency ?? 0) + 40 }),
    (given) => ({ ...given, localFailedLately: true }),
    (given) => ({ ...given, local: LOCALS[LOCALS.indexOf(given.local) + 1] ?? "failing" }),
    (given) => ({ ...given, dataPlane: DATA_PLANES[DATA_PLANES.indexOf(given.dataPlane) + 1] ?? "failing" }),
    (given) => ({ ...given, state: "failed" }),
  ];
  fc.assert(
    fc.property(facts, fc.constantFrom(...worse), (given, worsen) => {
      expect(healthScore(worsen(given))).toBeLessThanOrEqual(healthScore(given));
    }),
  );
});

test("a connection that serves visitors scores more than any endpoint without one", () => {
  fc.assert(
    fc.property(facts, facts, (one, other) => {
      fc.pre(other.state !== "connected");
      const connected = healthScore({ ...one, state: "connected", dataPlane: "unknown", local: "ok" });
      expect(connected).toBeGreaterThanOrEqual(40);
      expect(connected).toBeGreaterThan(healthScore(other));
    }),
  );
});
