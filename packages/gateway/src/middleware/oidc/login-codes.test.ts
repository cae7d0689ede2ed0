import { expect, test } from "vitest";
import { CODE_LIMITS, LoginCodes, type CompletedLogin } from "./login-codes.js";

const login: CompletedLogin = {
  identity: { subject: "1", email: "", groups: [] },
  policy: "p",
  site: "https://a.test",
  browser: "b",
  path: "/",
};

test("a code is valid once", () => {
  const codes = new LoginCodes();
  const code = codes.issue(login, 0)!;
  expect(codes.take("other", 0)).toBeUndefined();
  expect(codes.take(code, 0)).toBe(login);
  expect(codes.take(code, 0)).toBeUndefined();
});

test("a code is valid for 30 seconds", () => {
  const codes = new LoginCodes();
  const [one, two] = [codes.issue(login, 0)!, codes.issue(login, 0)!];
  expect(codes.take(one, CODE_LIMITS.lifetime - 1)).toBe(login);
  expect(codes.take(two, CODE_LIMITS.lifetime)).toBeUndefined();
});

test("codes that nobody takes make room after their time, and not before", () => {
  const codes = new LoginCodes();
  const first = codes.issue(login, 0)!;
  for (let n = 1; n < CODE_LIMITS.codes; n++) codes.issue(login, 1);
  expect(codes.issue(login, 1)).toBeUndefined();
  expect(codes.take(first, 1)).toBe(login);
  expect(codes.issue(login, 1)).toBeDefined();
  expect(codes.issue(login, CODE_LIMITS.lifetime)).toBeUndefined();
  expect(codes.issue(login, CODE_LIMITS.lifetime + 1)).toBeDefined();
});
