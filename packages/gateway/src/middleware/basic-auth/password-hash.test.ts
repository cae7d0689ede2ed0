import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import bcrypt from "bcryptjs";
import { describe, expect, test } from "vitest";
import { needs } from "@postern/testkit";
import { hashForm } from "./hash-form.js";
import { hasHash } from "./password-hash.js";

const has = (password: string, hash: string): boolean => hasHash(Buffer.from(password), hash);

describe("a password", () => {
  test.each([
    // From the documentation of Apache's htpasswd, and of bcrypt.
    ["myPassword", "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/"],
    ["myPassword", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE="],
    ["myPassword", "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"],
    ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ])("%j has the hash %s, and no other password has it", (password, hash) => {
    expect(hashForm(hash)).toHaveProperty("form");
    expect(has(password, hash)).toBe(true);
    for (const other of ["", `${password}x`, password.slice(1), password.toUpperCase(), hash])
      if (other !== password) expect(has(other, hash), other).toBe(false);
  });

  test("of any length has the hash that OpenSSL makes", (context) => {
    needs(context, "openssl");
    for (const length of [1, 2, 15, 16, 17, 31, 32, 33, 64]) {
      const password = "pä$: x".repeat(11).slice(0, length);
      const options = ["passwd", "-apr1", "-salt", "s".repeat(1 + (length % 8)), password];
      const hash = execFileSync("openssl", options, { encoding: "utf8" }).trim();
      expect(hashForm(hash)).toEqual({ form: "apr1" });
      expect(has(password, hash), password).toBe(true);
      expect(has(`${password}x`, hash), password).toBe(false);
    }
  });

  test("has the hash that bcrypt makes, in each of its forms", () => {
    const hash = bcrypt.hashSync("pässword", 4);
    for (const form of ["$2a$", "$2b$", "$2y$"]) {
      const same = form + hash.slice(4);
      expect(hashForm(same)).toEqual({ form: "bcrypt" });
      expect([has("pässword", same), has("passwort", same)]).toEqual([true, false]);
    }
  });
});

test.each([
  ["rqXexS6ZhobKA", /by crypt/],
  ["secret", /plain text/],
  ["", /plain text/],
  ["$1$salt$qJH7.N4xYta3aEG/dfqo/0", /not supported/],
  ["$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.", /not supported/],
  ["$2y$15$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", /cost 15/],
  ["$2y$03$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", /cost 03/],
  ["$2y$05$short", /not complete/],
  [`{SHA}${createHash("sha1").update("x").digest("hex")}`, /not complete/],
])("the hash %j is not accepted, and the reason does not show it", (hash, reason) => {
  const found = hashForm(hash);
  expect(found).toEqual({ fault: expect.stringMatching(reason) });
  if (hash.length > 3) expect(JSON.stringify(found)).not.toContain(hash);
});
