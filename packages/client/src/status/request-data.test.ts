import type { RequestRecord, RequestTotals } from "@postern/protocol";
import { expect, test } from "vitest";
import { requestData, totalsData } from "./request-data.js";

const RECORD: RequestRecord = {
  request_id: "r1",
  method: "GET",
  path: "/a?b=c",
  status: 200,
  started: "2026-01-01T00:00:00.000Z",
  duration_ms: 1.5,
  bytes_in: 0,
  bytes_out: 130,
  ended: "origin_invalid",
  code: "PN_ORIGIN_INVALID",
  flaw: "PN_HTTP_CHUNK",
  repairs: ["bare_lf", "control_byte"],
};

test("the fields of a record are copied", () => {
  expect(requestData(RECORD)).toEqual(RECORD);
});

test("fields that an older server does not send are absent, and an unknown end is not copied", () => {
  const { ended: _, code: _code, flaw: _flaw, repairs: _repairs, ...old } = RECORD;
  expect(requestData(old)).toEqual(old);
  expect(requestData({ ...old, ended: "evaporated" as "refused" })).toEqual(old);
});

test("members that a server adds are not copied", () => {
  const added = { level: "fatal", time: 0, msg: "forged", endpoint: "other", omitted: 5, toString: "x", deep: [[[]]] };
  const record = { ...RECORD, ...added, ...(JSON.parse('{"__proto__":{"admin":true}}') as object) };
  const data = requestData(record);
  expect(Object.keys(data)).toEqual(Object.keys(RECORD));
  expect(data).toEqual(RECORD);
});

test("repairs are copied as far as they are known, each once", () => {
  const many = Array.from({ length: 1_000 }, (_, n) => [`made_up_${n}`, "bare_lf"]).flat() as ["bare_lf"];
  expect(requestData({ ...RECORD, repairs: many }).repairs).toEqual(["bare_lf"]);
  expect(Object.keys(requestData({ ...RECORD, repairs: [] }))).not.toContain("repairs");
});

test("texts are cut", () => {
  const long = "x".repeat(16_000);
  const data = requestData({ ...RECORD, request_id: long, method: long, path: long, started: long });
  expect([data.request_id, data.method, data.path, data.started].map(({ length }) => length)).toEqual([
    128, 32, 1_024, 32,
  ]);
  expect(data.path.endsWith("x…")).toBe(true);
});

test("a number that JSON cannot express is 0", () => {
  expect(requestData({ ...RECORD, duration_ms: Infinity }).duration_ms).toBe(0);
});

test("of sums, the known fields are copied, with bounded lengths", () => {
  const totals: RequestTotals = {
    statuses: [0, 5, 0, 0, 2],
    ended: { complete: 5, timeout: 2 },
    bytes_in: 70,
    bytes_out: 700,
    duration_ms: 80,
    durations: [1, 6],
  };
  expect(totalsData(totals)).toEqual(totals);
  const many = Array.from({ length: 2_000 }, () => 1);
  const ended = Object.fromEntries([["complete", 1], ...many.map((_, n) => [`end-${n}`, 1])]) as RequestTotals["ended"];
  const hostile = { ...totals, statuses: many, durations: many, ended, duration_ms: Infinity, level: "fatal" };
  const { statuses, durations, ...rest } = totalsData(hostile);
  expect([statuses.length, durations.length]).toEqual([5, 15]);
  expect(rest).toEqual({ ended: { complete: 1 }, bytes_in: 70, bytes_out: 700, duration_ms: 0 });
});
