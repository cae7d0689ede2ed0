import { describe, expect, test } from "vitest";
import { contextOf } from "./balance.suite.js";
import { cookieValue, keyReader } from "./hash-key.js";

describe("the key of a request", () => {
  const context = contextOf("192.0.2.1", { "x-tenant": "blue", cookie: "a=1; session=xyz; b=2" });

  test("is the visitor's address, a header or a cookie", () => {
    expect(keyReader({ kind: "address" })(context)).toBe("192.0.2.1");
    expect(keyReader({ kind: "header", name: "x-tenant" })(context)).toBe("blue");
    expect(keyReader({ kind: "cookie", name: "session" })(context)).toBe("xyz");
  });

  test("is the address if the header or the cookie is missing", () => {
    for (const kind of ["header", "cookie"] as const)
      expect(keyReader({ kind, name: "missing" })(context)).toBe("192.0.2.1");
  });

  test("is never a header that identifies the visitor, or not a name", () => {
    for (const name of ["x-forwarded-for", "x_real_ip"])
      expect(() => keyReader({ kind: "header", name })).toThrow("A target cannot depend on the header");
    expect(() => keyReader({ kind: "cookie", name: "a b" })).toThrow(RangeError);
  });
});

test.each([
  ["session=1", "1"],
  ["a=session=2; session=3", "3"],
  ["xsession=1; session2=2", ""],
  ["session=; session=4", ""],
  [";;  ; session=5;", "5"],
  ["session", ""],
  ["", ""],
])("the cookie `session` in %j is %j", (cookies, value) => {
  expect(cookieValue(cookies, "session")).toBe(value);
});
