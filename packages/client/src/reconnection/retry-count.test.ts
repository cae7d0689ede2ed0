import { TunnelError, type ErrorCode } from "@postern/protocol";
import { describe, expect, test } from "vitest";
import { endingOf, nextRetry, type Ending } from "./retry-count.js";

describe("the number of the next retry", () => {
  test.for<[before: number, ending: Ending, seconds: number, next: number]>([
    [0, "failed", 0, 1],
    [3, "failed", 30, 4],

    // A tunnel that served for five seconds before its link broke: a new incident.
    [0, "broken", 0, 1],
    [3, "broken", 4.9, 4],
    [3, "broken", 5, 1],
    [3, "broken", 12, 1],

    // A server that ends its sessions again and again.
    [0, "ended", 0, 1],
    [3, "ended", 5, 4],
    [3, "ended", 29.9, 4],
    [3, "ended", 30, 1],
  ])("after %d retries, %s after %d s: retry %d", ([before, ending, seconds, next]) => {
    expect(nextRetry(before, ending, seconds * 1_000)).toBe(next);
  });
});

describe("how a lost session ended", () => {
  test.for<[code: ErrorCode, retryAfter: number | undefined, ending: Ending]>([
    ["PN_SESSION_LOST", undefined, "broken"],
    ["PN_HEARTBEAT_LOST", undefined, "broken"],
    ["PN_SESSION_LOST", 1_000, "ended"],
    ["PN_DRAINING", undefined, "ended"],
    ["PN_DRAINING", 0, "ended"],
    ["PN_LOGIN_BUSY", 60_000, "ended"],
    ["PN_NAME_TAKEN_OVER", undefined, "ended"],
    ["PN_AUTH_EXPIRED", undefined, "ended"],
    ["PN_PROTOCOL", undefined, "ended"],
    ["PN_DATA_PLANE_LOST", undefined, "ended"],
  ])("%s, to return after %s ms: %s", ([code, retryAfter, ending]) => {
    expect(endingOf(new TunnelError(code, undefined, retryAfter))).toBe(ending);
  });
});
