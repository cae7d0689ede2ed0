import type { RequestRecord } from "@postern/client";
import fc from "fast-check";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { omittedLine, requestLine } from "./request-line.js";

const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);
const started = new Date(2026, 10, 22, 14, 5, 9).toISOString();
const record: RequestRecord = {
  request_id: "1",
  method: "GET",
  path: "/index.html",
  status: 200,
  started,
  duration_ms: 3.4,
  bytes_in: 0,
  bytes_out: 1234,
};

test("the line is time, method, path, status, duration and size", () => {
  expect(requestLine(record, undefined, plain)).toBe("14:05:09  GET     /index.html  200    3 ms  1.2 kB");
});

test("on a terminal the columns are aligned", () => {
  const lines = [record, { ...record, method: "DELETE", path: "/x", status: 404 }].map((one) =>
    requestLine(one, 60, plain),
  );
  expect(lines).toEqual([
    "14:05:09  GET     /index.html            200    3 ms  1.2 kB",
    "14:05:09  DELETE  /x                     404    3 ms  1.2 kB",
  ]);
  expect(lines[0]).toHaveLength(60);
});

test("a path that is too long is cut to the terminal's width", () => {
  const line = requestLine({ ...record, path: `/${"p".repeat(200)}` }, 80, plain);
  expect(line).toHaveLength(80);
  expect(line).toContain("…");
});

test("a response that broke off is told apart from a complete one", () => {
  const broken: RequestRecord = { ...record, ended: "origin_reset", code: "PN_ORIGIN_BROKEN" };
  const text = "origin_reset PN_ORIGIN_BROKEN";
  expect(requestLine(broken, undefined, plain)).toBe(`${requestLine(record, undefined, plain)}  ${text}`);
  const shown = [120, 80, 45].map((columns) => requestLine(broken, columns, plain));
  expect(shown).toEqual([
    `14:05:09  GET     /index.html${" ".repeat(39)}  200    3 ms  1.2 kB  ${text}`,
    `GET     /index.html${" ".repeat(26)} 200  ${text}`,
    `GET     /… 200  ${text}`,
  ]);
  expect(requestLine({ ...record, ended: "complete" }, 80, plain)).toBe(requestLine(record, 80, plain));
});

test("a redirect to HTTPS is not called a refusal", () => {
  const redirected: RequestRecord = { ...record, status: 301, ended: "refused", code: "PN_HTTP_INSECURE" };
  expect(requestLine(redirected, undefined, plain)).toMatch(/ 301 {4}3 ms {2}1\.2 kB {2}redirect to HTTPS$/);
});

test("an invalid response is shown with its flaw", () => {
  const invalid: RequestRecord = {
    ...record,
    ended: "origin_invalid",
    code: "PN_ORIGIN_INVALID",
    flaw: "PN_HTTP_CHUNK",
  };
  expect(requestLine(invalid, undefined, plain)).toMatch(/ origin_invalid PN_ORIGIN_INVALID PN_HTTP_CHUNK$/);
});

test("text of a visitor or a server can neither break the line nor exceed its width", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(text, text, fc.option(text), fc.integer({ min: 1, max: 200 }), (method, path, code, columns) => {
      const failure = code === null ? {} : { ended: "refused" as const, code };
      const line = requestLine({ ...record, method, path, ...failure }, columns, plain);
      expect(line).toMatch(/^[\x20-\x7e…]*$/);
      expect(line.length).toBeLessThanOrEqual(columns);
    }),
  );
});

test.for([
  [101, "\x1b[35m101"],
  [204, "\x1b[32m204"],
  [304, "\x1b[36m304"],
  [404, "\x1b[33m404"],
  [502, "\x1b[31m502"],
] as const)("status %d is coloured", ([status, shown]) => {
  expect(requestLine({ ...record, status }, 100, coloured)).toContain(shown);
});

test("omitted requests are counted", () => {
  expect(omittedLine(312)).toBe("… and 312 more requests");
  expect(omittedLine(1)).toBe("… and 1 more request");
});
