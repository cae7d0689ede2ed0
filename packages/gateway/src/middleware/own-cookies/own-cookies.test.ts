import { expect, test } from "vitest";
import { stepRequest } from "../step-requests.suite.js";
import { OwnCookiesStep } from "./own-cookies-step.js";
import { cookieMark, cookieValues, ownCookie, ownNames, setCookie, withoutOwn } from "./own-cookies.js";

const NAME = "__Host-postern_password_abc";

test("over HTTPS, browsers keep a cookie only for its own host, and scripts cannot read it", () => {
  expect(setCookie(ownCookie("password_abc", true), "v", 60)).toBe(
    `${NAME}=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure`,
  );
  expect(setCookie(ownCookie("password_abc", false), "v", 60)).toBe(
    "postern_password_abc=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
  );
});

test.each([
  ["", []],
  [`${NAME}=a`, ["a"]],
  [`x=1; ${NAME}=a; y=2`, ["a"]],
  [`${NAME}=a;${NAME}="b";  ${NAME} = c ; x${NAME}=d; ${NAME}x=e; ${NAME}`, ["a", "b", "c"]],
  [`${NAME}=${NAME}=a`, [`${NAME}=a`]],
  [Array.from({ length: 9 }, (_, n) => `${NAME}=${n}`).join("; "), ["0", "1", "2", "3"]],
])("values in %j", (cookies, values) => {
  expect(cookieValues(cookies, NAME)).toEqual(values);
});

test("names of our own cookies are those that can be removed", () => {
  expect(
    ownNames(`a=1; ${NAME}=2; postern_password_x=3; ${NAME}=4; postern_password_\u00e9=5; postern_target=6`),
  ).toEqual([NAME, "postern_password_x"]);
});

test("only the cookies with a mark are removed, and the mark is made when there may be some", () => {
  const [ours, others] = [cookieMark("ours"), cookieMark("others")];
  const asked: string[] = [];
  const markOf = (): string => (asked.push(ours), ours);
  expect(ours).toMatch(/^[0-9a-f]{8}$/);
  expect(withoutOwn(`a=${ours}`, markOf)).toBe(undefined);
  expect(asked).toEqual([]);
  const cookies = (mark: string): string => `__Host-postern_session_${mark}_x=1; postern_password_${mark}_y=2`;
  expect(withoutOwn(`${cookies(ours)}; a=1; ${cookies(others)}; postern_browser_x=${ours}`, markOf)).toBe(
    `a=1; ${cookies(others)}; postern_browser_x=${ours}`,
  );
  expect(withoutOwn(cookies(others), markOf)).toBe(undefined);
});

test.each([
  ["a=1", undefined],
  ["", undefined],
  [`${NAME}=v`, ""],
  [`a=1; ${NAME}=v; b="2;3"`, 'a=1; b="2;3"'],
  [`${NAME}="v"; a=1; ${NAME}=w`, "a=1"],
  [`a=1;\t${NAME} =v`, "a=1"],
  [`a=1; __host-POSTERN_password_abc=v; Postern_Password_x`, "a=1"],
  [`a=${NAME}; postern_target=t`, undefined],
])("targets get %j without them", (cookies, kept) => {
  const request = stepRequest({}, { cookie: cookies });
  new OwnCookiesStep().check(request);
  const lines = kept === "" ? "" : `Cookie: ${kept}\r\n`;
  expect(request.edits).toEqual(kept === undefined ? [] : [{ names: ["cookie"], lines }]);
});
