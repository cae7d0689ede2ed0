import { DURATION_BOUNDS } from "@postern/protocol";
import { beforeEach, expect, test } from "vitest";
import { REQUEST as request } from "./finished-request.suite.js";
import { RequestLog } from "./request-log.js";

const PER_SECOND = 5;
let log: RequestLog;
beforeEach(() => {
  log = new RequestLog(PER_SECOND);
});

test("the first requests of a second are listed in full, the rest counted", () => {
  const firsts = Array.from({ length: PER_SECOND + 7 }, () => log.add({ ...request, endedAt: 10 }));
  expect(firsts.filter(Boolean)).toHaveLength(1);
  const { listed, omitted } = log.take();
  expect(listed).toHaveLength(PER_SECOND);
  expect(omitted).toBe(7);
  expect(listed[0]?.record).toMatchObject({ request_id: "r-1", duration_ms: 10, bytes_out: 130, ended: "complete" });
});

test("the requests that are not listed are summed up: none is missing from any count", () => {
  const statuses = [101, 200, 204, 302, 404, 499, 502, 599, 650];
  for (const [n, status] of statuses.entries())
    log.add({ ...request, status, endedAt: n * 7, bytesIn: 10, ended: n % 2 === 0 ? "complete" : "timeout" });
  const { listed, omitted, totals } = log.take();
  expect([listed.length, omitted]).toEqual([PER_SECOND, statuses.length - PER_SECOND]);
  expect(totals).toMatchObject({
    statuses: [0, 0, 0, 1, 3],
    ended: { timeout: 2, complete: 2 },
    bytes_in: 40,
    bytes_out: 520,
    duration_ms: 35 + 42 + 49 + 56,
  });
  // 35, 42 and 49 ms are at most 50, and 56 ms at most 100.
  expect(totals?.durations.slice(4, 8)).toEqual([0, 3, 1, 0]);
  expect(totals?.durations).toHaveLength(DURATION_BOUNDS.length + 1);
  expect(log.take()).toEqual({ listed: [], omitted: 0, totals: undefined });
});

test("a record names the end of the request, its error, and the flaw of the response", () => {
  log.add(request);
  log.add({ ...request, ended: "origin_invalid", code: "PN_ORIGIN_INVALID", flaw: "PN_HTTP_CHUNK" });
  const [complete, invalid] = log.take().listed;
  expect(Object.keys(complete?.record ?? {})).not.toContain("code");
  expect(invalid?.record).toMatchObject({ ended: "origin_invalid", code: "PN_ORIGIN_INVALID", flaw: "PN_HTTP_CHUNK" });
});

test("the server's log has the visitor's address, host and user agent, without secrets and not too long", () => {
  log.add(request);
  log.add({ ...request, userAgent: `app/1.0 token=abc ${"x".repeat(9_999)}` });
  log.add({ ...request, userAgent: "" });
  const [usual, long, none] = log.take().listed.map(({ visitor }) => visitor);
  expect(usual).toEqual({ visitor: "192.0.2.1", host: "app.example.com", user_agent: "curl/8.0" });
  expect(long?.user_agent).toMatch(/^app\/1\.0 token=\*\*\* x{200}/);
  expect(long?.user_agent).toHaveLength(256);
  expect(none).not.toHaveProperty("user_agent");
});

test("each second lists again, and requests are taken once", () => {
  for (let n = 0; n < 100; n++) log.add({ ...request, endedAt: 10 });
  log.take();
  expect(log.add({ ...request, endedAt: 999 })).toBe(true);
  expect(log.take()).toMatchObject({ listed: [], omitted: 1 });
  log.add({ ...request, endedAt: 1_000 });
  expect(log.take().listed).toHaveLength(1);
});

test("listed requests can be taken a few at a time, and what was counted comes with the last of them", () => {
  for (let n = 0; n < PER_SECOND + 7; n++) log.add({ ...request, id: `r-${n}` });
  const parts = [log.take(2), log.take(2), log.take(2)];
  const ids = parts.map(({ listed }) => listed.map(({ record }) => record.request_id));
  expect(ids).toEqual([["r-0", "r-1"], ["r-2", "r-3"], ["r-4"]]);
  expect(parts.map(({ omitted }) => omitted)).toEqual([0, 0, 7]);
  expect(log.isEmpty).toBe(true);
});

test("with a limit of 0 all requests are counted", () => {
  const counted = new RequestLog(0);
  expect([counted.add(request), counted.add(request)]).toEqual([true, false]);
  expect(counted.take()).toMatchObject({ listed: [], omitted: 2 });
});

test("a long path is truncated", () => {
  log.add({ ...request, path: `/${"x".repeat(5_000)}` });
  expect(log.take().listed[0]?.record.path).toHaveLength(1_024);
});

test("only the beginning of a long path is searched for secrets, also one that ends in the middle of a secret", () => {
  log.add({ ...request, path: `/?token=${"x".repeat(5_000)}&page=2` });
  log.add({ ...request, path: `/?${"a=&".repeat(339)}password=${"x".repeat(5_000)}` });
  const [first, second] = log.take().listed.map(({ record }) => record.path);
  expect(first).toBe("/?token=***");
  expect(second).not.toContain("x");
});

test("a record lists what was repaired in the response, where there is something", () => {
  log.add(request);
  log.add({ ...request, repairs: new Set(["bare_lf", "control_byte"]) });
  expect(log.take().listed.map(({ record }) => record.repairs)).toEqual([undefined, ["bare_lf", "control_byte"]]);
});
