import { expect, test } from "vitest";
import { isAlarming, targetChangeText } from "./target-change-text.js";

const target = "10.0.0.5:80";
const route = "/api/*";

test("says what happened to a target, and why", () => {
  expect(targetChangeText({ route: undefined, target, change: "up" })).toBe(
    "Target 10.0.0.5:80 accepts connections again",
  );
  const reason = "it responded with 500";
  expect(targetChangeText({ route, target, change: "unhealthy", reason, areAllUnhealthy: false })).toBe(
    "Target 10.0.0.5:80 fails its health checks: it responded with 500",
  );
  expect(targetChangeText({ route, target, change: "ejected", reason: "its last requests have failed" })).toBe(
    "Target 10.0.0.5:80 gets no requests for a while: its last requests have failed",
  );
});

test("says that health checks are ignored if all targets of a route fail them", () => {
  const report = { route, target, change: "unhealthy", reason: "x", areAllUnhealthy: true } as const;
  expect(targetChangeText(report)).toMatch(/All targets of \/api\/\* fail them, so all are used; check the options/);
});

test("says that no target of a route can be reached, which is no fault of the health checks", () => {
  const report = { route, target, change: "unhealthy", reason: "x", areAllUnhealthy: true } as const;
  expect(targetChangeText({ ...report, areAllUnreachable: true })).toBe(
    "Target 10.0.0.5:80 fails its health checks: x. No target of /api/* can be reached",
  );
});

test("only bad news is alarming", () => {
  const changes = [
    "up",
    "unhealthy",
    "healthy",
    "ejected",
    "circuit_open",
    "circuit_half_open",
    "circuit_closed",
  ] as const;
  expect(changes.filter((change) => isAlarming({ route, target, change }))).toEqual([
    "unhealthy",
    "ejected",
    "circuit_open",
  ]);
});
