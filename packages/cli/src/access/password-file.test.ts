import { expect, test } from "vitest";
import { passwordHash } from "./password-file.js";

const BCRYPT = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";

test("a password in plain text always has the same hash, with or without a line end", async () => {
  const hash = await passwordHash("correct horse", "f");
  expect(hash).toMatch(/^\$2b\$10\$/);
  for (const text of ["correct horse\n", "correct horse\r\n\n"]) expect(await passwordHash(text, "f")).toBe(hash);
  expect(await passwordHash("correct horsf", "f")).not.toBe(hash);
  expect((await passwordHash("correct horse", "f", () => "key")).slice(0, 29)).not.toBe(hash.slice(0, 29));
});

test.each([BCRYPT, "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "$apr1$abcdefgh$QSi0lxbHuUP5E8ovzMj4i0"])(
  "a hash stays as it is: %s",
  async (hash) => {
    expect(await passwordHash(`${hash}\n`, "f")).toBe(hash);
  },
);

test.each([
  ["", /f does not have one line/],
  ["\n", /f does not have one line/],
  ["canary\ncanary\n", /f does not have one line/],
  ["can\tary", /contains a control character/],
  ["canary".repeat(13), /f: A password can have at most 72 bytes/],
  ["$6$canary$hash", /f contains a hash of a form that is not supported/],
  ["{SHA}canary", /f contains .*not complete/],
  ["$2y$20$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", /the cost 20/],
])("%j is refused, and not shown", async (text, message) => {
  const hashed = passwordHash(text, "f");
  await expect(hashed).rejects.toMatchObject({ code: "PN_PASSWORD_FILE", message: expect.stringMatching(message) });
  await expect(hashed).rejects.not.toMatchObject({ message: expect.stringContaining("canary") });
});
