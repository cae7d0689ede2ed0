import { expect, test } from "vitest";
import { DrainingTunnels } from "./draining-tunnels.js";
import { SERVER_LIMITS } from "../limits.js";

test("streams of a lost tunnel get a deadline of less than a minute, and are due once", () => {
  const draining = new DrainingTunnels();
  draining.add(1, 0);
  draining.add(2, 5_000);
  expect(draining.due(SERVER_LIMITS.lastStreams - 1)).toEqual([]);
  expect(draining.due(SERVER_LIMITS.lastStreams)).toEqual([1]);
  expect(draining.due(SERVER_LIMITS.lastStreams + 5_000)).toEqual([2]);
  expect(draining.due(Infinity)).toEqual([]);
  expect(SERVER_LIMITS.lastStreams).toBeLessThan(60_000);
});
