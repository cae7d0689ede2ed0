import type { FinishedRequest } from "@postern/gateway";
import { expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { RequestLog } from "./request-log.js";

const request: FinishedRequest = {
  id: "r-1",
  method: "GET",
  path: "/",
  status: 200,
  startedAt: 0,
  bytesIn: 0,
  bytesOut: 130,
  address: "192.0.2.1",
  host: "app.example.com",
  userAgent: "curl/8.0",
  ended: "complete",
  code: undefined,
  flaw: undefined,
  repairs: new Set(),
};

test("the first requests of a second are listed in full, the rest counted", () => {
  const log = new RequestLog();
  const firsts = Array.from({ length: SERVER_LIMITS.listedRequests + 7 }, () => log.add(request, 10));
  expect(firsts.filter(Boolean)).toHaveLength(1);
  const { records, omitted } = log.take();
  expect(records).toHaveLength(SERVER_LIMITS.listedRequests);
  expect(omitted).toBe(7);
  expect(records[0]).toMatchObject({ request_id: "r-1", duration_ms: 10, bytes_out: 130, ended: "complete" });
});

test("a record names the end of the request, its error, and the flaw of the response", () => {
  const log = new RequestLog();
  log.add(request, 0);
  log.add({ ...request, ended: "origin_invalid", code: "PN_ORIGIN_INVALID", flaw: "PN_HTTP_CHUNK" }, 0);
  const [complete, invalid] = log.take().records;
  expect(Object.keys(complete ?? {})).not.toContain("code");
  expect(invalid).toMatchObject({ ended: "origin_invalid", code: "PN_ORIGIN_INVALID", flaw: "PN_HTTP_CHUNK" });
});

test("the limit applies to each second, and each record is taken once", () => {
  const log = new RequestLog();
  for (let n = 0; n < 100; n++) log.add(request, 10);
  log.take();
  expect(log.add(request, 999)).toBe(true);
  expect(log.take()).toEqual({ records: [], omitted: 1 });
  log.add(request, 1_000);
  expect(log.take().records).toHaveLength(1);
});

test("a long path is truncated", () => {
  const log = new RequestLog();
  log.add({ ...request, path: `/${"x".repeat(5_000)}` }, 0);
  expect(log.take().records[0]?.path).toHaveLength(1_024);
});

test("a record lists what was repaired in the response, where there is something", () => {
  const log = new RequestLog();
  log.add(request, 0);
  log.add({ ...request, repairs: new Set(["bare_lf", "control_byte"]) }, 0);
  expect(log.take().records.map(({ repairs }) => repairs)).toEqual([undefined, ["bare_lf", "control_byte"]]);
});
