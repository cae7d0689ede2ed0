import { expect, test } from "vitest";
import { cookieValues, withoutOwn } from "../own-cookies/own-cookies.js";
import { cookieField, loginNames, removedCookie, sessionCookie } from "./login-cookies.js";

const S = sessionCookie("0123abcd", "policy-0123456789");

test("the cookies of logins are for one host, and for no script", () => {
  expect(cookieField(S, "v", 59.5)).toBe(
    "__Host-postern_session_0123abcd_policy-012=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60",
  );
  expect(removedCookie(S)).toContain("Max-Age=0");
});

test("a cookie is found among others, several times and in quotation marks", () => {
  expect(cookieValues(`a=1; ${S}=x; b=2`, S)).toEqual(["x"]);
  expect(cookieValues(`${S}="x";${S}=y; ${S} = z`, S)).toEqual(["x", "y", "z"]);
  expect(cookieValues(`a${S}=x; ${S}; ${S}z=1`, S)).toEqual([]);
  expect(cookieValues(`${S}=x;`.repeat(1_000), S)).toHaveLength(4);
});

test("cookies of a kind are listed by name", () => {
  expect(
    loginNames(`a=1; ${S}=x; ${S}=y; __Host-postern_pending_a=1; __Host-postern_session_<b>=1`, "session"),
  ).toEqual([S]);
});

test.for([
  ["a=1; b=2", undefined],
  ["", undefined],
  [`${S}=x`, ""],
  [`a=1; ${S}=x; b=2`, "a=1; b=2"],
  [`${S}=x;a=1;${S}="y"; __Host-postern_browser=z`, "a=1"],
  [`__host-POSTERN_session_x=1; b`, "b"],
  [`a="1; ${S}=x"; b=2`, 'a="1; b=2'],
  [`\t${S} =x; b=2`, "b=2"],
  [`xx${S}=x`, undefined],
] as const)("targets get of %j: %j", ([cookies, kept]) => {
  expect(withoutOwn(cookies)).toBe(kept);
});
