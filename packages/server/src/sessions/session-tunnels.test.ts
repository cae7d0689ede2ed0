import type { ControlMessage, RequestRecord, Session } from "@postern/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { REQUEST } from "../tunnels/finished-request.suite.js";
import { RepairCounts } from "../tunnels/repair-counts.js";
import { RequestLog } from "../tunnels/request-log.js";
import type { Tunnel } from "../tunnels/tunnel.js";
import type { SessionDependencies } from "./session-dependencies.js";
import type { SessionLog } from "./session-log.js";
import { SessionTunnels } from "./session-tunnels.js";

/** The messages that the client gets: how many requests each lists, and how many it only counts. */
let sent: [listed: number, omitted: number][];
let requests: RequestLog;
let tunnels: SessionTunnels;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  sent = [];
  requests = new RequestLog(20);
  const control = (message: ControlMessage): void => {
    const { records, omitted } = message as { records: RequestRecord[]; omitted: number };
    sent.push([records.length, omitted]);
  };
  const log = { writeRequest() {} } as unknown as SessionLog;
  tunnels = new SessionTunnels({ control } as Session, {} as SessionDependencies, log);
});
afterEach(() => vi.useRealTimers());

function finish(count: number, endedAt = 0): void {
  const tunnel = { number: 1, name: "app", requests, repairs: new RepairCounts() } as unknown as Tunnel;
  for (let n = 0; n < count; n++) if (requests.add({ ...REQUEST, endedAt })) tunnels.onRecords(tunnel);
}

test("requests are reported together, soon after the first of them", () => {
  finish(3);
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([[3, 0]]);
  vi.advanceTimersByTime(60_000);
  expect(sent).toHaveLength(1);
});

test("many requests at once are reported in several messages, so that none of them takes long", () => {
  finish(30);
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual([
    [8, 0],
    [8, 0],
    [4, 10],
  ]);
});

test("requests that are only counted are reported twice a second, however many there are", () => {
  finish(20);
  vi.advanceTimersByTime(1_000);
  sent = [];
  for (let n = 0; n < 100; n++) {
    finish(50);
    vi.advanceTimersByTime(20);
  }
  vi.advanceTimersByTime(1_000);
  expect(sent.reduce((sum, [, omitted]) => sum + omitted, 0)).toBe(5_000);
  expect(sent.length).toBeLessThanOrEqual(5);
});
