import { expect, test } from "vitest";
import { DrainingTunnels } from "./draining-tunnels.js";
import { SERVER_LIMITS } from "../limits.js";

test("a lost tunnel is due once, less than a minute after it was lost", () => {
  const draining = new DrainingTunnels();
  draining.add(1, 0);
  draining.add(2, 5_000);
  expect([...draining.due(SERVER_LIMITS.lastStreams - 1)]).toEqual([]);
  expect([...draining.due(SERVER_LIMITS.lastStreams)]).toEqual([1]);
  expect([...draining.due(SERVER_LIMITS.lastStreams + 5_000)]).toEqual([2]);
  expect([...draining.due(Infinity)]).toEqual([]);
  expect(SERVER_LIMITS.lastStreams).toBeLessThan(60_000);
});

test("a tunnel is forgotten when it has no streams left", () => {
  const draining = new DrainingTunnels();
  for (const tunnel of [1, 2, 3]) draining.add(tunnel, 0);
  draining.keepOnly(new Set([2, 7]));
  expect([draining.size, ...draining.due(Infinity)]).toEqual([1, 2]);
});
