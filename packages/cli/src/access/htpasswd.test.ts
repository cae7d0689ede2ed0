import { expect, test } from "vitest";
import { parseHtpasswd } from "./htpasswd.js";

const SHA = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
const BCRYPT = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";

test("users, with comments, blank lines and the line ends of any system", () => {
  expect(parseHtpasswd(`# users\r\n\nann:${SHA}\rjürgen m:${BCRYPT}  \n`, "f")).toEqual([
    { name: "ann", hash: SHA },
    { name: "jürgen m", hash: BCRYPT },
  ]);
  expect(parseHtpasswd("", "f")).toEqual([]);
});

test.each([
  ["a password in plain text", `ann:${SHA}\nbob:canary`, /^f, line 2: the password is a password in plain text/],
  ["a hash by crypt", "bob:rqXexS6ZhobKA", /^f, line 1: .*crypt/],
  ["a line without a hash", "canary", /^f, line 1: there is no name/],
  ["a line without a name", `:${SHA}`, /^f, line 1: there is no name/],
  ["a name with a control character", `a\tb:${SHA}`, /^f, line 1: there is no name/],
  ["a user that occurs twice", `ann:${SHA}\n\nann:${BCRYPT}`, /^f, line 3: the user of line 1 occurs again/],
])("refuses %s, and names its line", (_, text, message) => {
  const parse = (): unknown => parseHtpasswd(text, "f");
  expect(parse).toThrow(message);
  expect(parse).not.toThrow(/canary|rqXexS6ZhobKA|SHA/);
});
