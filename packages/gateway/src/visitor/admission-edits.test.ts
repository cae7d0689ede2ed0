import { expect, test } from "vitest";
import { QuickStep } from "../middleware/chain/scripted-steps.suite.js";
import { editing, guarded } from "./guarded-visits.suite.js";

test("steps change a field again: the target gets what the last step says of it, once", () => {
  const visit = guarded(
    editing({ names: ["x-user", "cookie"], lines: "X-User: first\r\nX-Kept: 1\r\nCookie: a=1\r\n" }),
    editing({ names: ["x-user", "cookie"], lines: "X-User: second\r\n" }),
  );
  visit.send("GET / HTTP/1.1\r\nHost: a.test\r\nX-User: eve\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n");
  const { text } = visit.upstream.stream;
  expect(text.match(/x-user: .*/gi)).toEqual(["X-User: second"]);
  expect(text).toContain("X-Kept: 1");
  expect(text).not.toMatch(/cookie/i);
});

test("steps see all Cookie fields, and the address that the visitor requested", () => {
  const seen: string[] = [];
  const visit = guarded(new QuickStep((request) => void seen.push(request.cookies(), request.site, request.upgrade)));
  visit.send("GET / HTTP/1.1\r\nHost: A.test:8080\r\nCookie: a=1\r\nCookie: b=2; c=3\r\n\r\n");
  expect(seen).toEqual(["a=1; b=2; c=3", "http://a.test:8080", ""]);
});
