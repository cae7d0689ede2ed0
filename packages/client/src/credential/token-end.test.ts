import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenEnd } from "./token-end.js";

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown): string => `${part({ alg: "HS256" })}.${part(claims)}.signature`;

test("reads exp of a JWT", () => {
  expect(tokenEnd(jwt({ exp: 1_700_000_000 }))).toBe(1_700_000_000_000);
  expect(tokenEnd(jwt({ exp: 1.5 }))).toBe(1_500);
  expect(tokenEnd(jwt({ exp: 0 }))).toBe(0);
});

test.for([
  "",
  "opaque",
  "a.b",
  "..",
  "a.b.c",
  `a.${part({ exp: 1 })}`,
  jwt({}),
  jwt(null),
  jwt(7),
  jwt([1]),
  jwt({ exp: "1700000000" }),
  jwt({ exp: null }),
  `a.${Buffer.from('{"exp":1e999}').toString("base64url")}.c`,
])("%s has none", (token) => expect(tokenEnd(token)).toBeUndefined());

test("any text has a finite time or none", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => `a.${Buffer.from(json).toString("base64url")}.c`),
      ),
      (token) => {
        const end = tokenEnd(token);
        expect(end === undefined || Number.isFinite(end)).toBe(true);
      },
    ),
  );
});
