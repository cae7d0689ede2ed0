import { expect, test } from "vitest";
import { FormerTunnels } from "./draining-tunnels.js";
import { SERVER_LIMITS } from "../limits.js";

test("streams of a tunnel that was taken away have their time, and are ended once; it is less than a minute", () => {
  const former = new FormerTunnels();
  former.add(1, 0);
  former.add(2, 5_000);
  expect(former.due(SERVER_LIMITS.lastStreams - 1)).toEqual([]);
  expect(former.due(SERVER_LIMITS.lastStreams)).toEqual([1]);
  expect(former.due(SERVER_LIMITS.lastStreams + 5_000)).toEqual([2]);
  expect(former.due(Infinity)).toEqual([]);
  expect(SERVER_LIMITS.lastStreams).toBeLessThan(60_000);
});
