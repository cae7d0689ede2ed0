import { expect, test } from "vitest";
import type { TunnelError } from "@postern/protocol";
import { tokenHolder, type HolderRules, type TokenHolder } from "./token-claims.js";

const NOW = 1_700_000_000_000;
const now = NOW / 1_000;
const GOOD = { sub: "alice", iss: "https://idp.example", aud: "postern", exp: now + 60 };
const RULES: HolderRules = {
  issuer: "https://idp.example",
  audience: "postern",
  userClaim: "sub",
  namesClaim: "postern_names",
  longest: 3_600_000,
};

function read(more: object, rules: Partial<HolderRules> = {}): TokenHolder | string {
  try {
    return tokenHolder(JSON.parse(JSON.stringify({ ...GOOD, ...more })), { ...RULES, ...rules }, NOW);
  } catch (error) {
    return (error as TunnelError).code;
  }
}

test("valid claims give the owner, the expiry and the allowed names", () => {
  const holder = read({ aud: ["other", "postern"], postern_names: ["web"] }) as TokenHolder;
  expect(holder).toMatchObject({ owner: "alice", expiresAt: NOW + 60_000 });
  expect([holder.names.allow("web"), holder.names.allow("web2")]).toEqual([true, false]);
  expect((read({}) as TokenHolder).names.allow("any")).toBe(true);
  expect(read({ email: "a@b.example" }, { userClaim: "email" })).toMatchObject({ owner: "a@b.example" });
});

test("clocks may differ a little, but the expiry has no leeway", () => {
  expect(read({ nbf: now + 9, iat: now + 9 })).toHaveProperty("owner");
  expect(read({ exp: now })).toBe("PN_AUTH_EXPIRED");
});

test.for([
  { iss: "https://other.example" },
  { iss: undefined },
  { iss: ["https://idp.example"] },
  { aud: "other" },
  { aud: undefined },
  { aud: { postern: 1 } },
  { nbf: now + 11 },
  { iat: now + 11 },
  { exp: String(now + 60) },
  { exp: null },
  { exp: 1e300 },
  { nbf: "soon" },
  { iat: {} },
  { exp: now + 3_700 },
  { exp: now + 60, iat: now - 3_600 },
  { sub: undefined },
  { sub: "" },
  { sub: 7 },
  { sub: ["alice"] },
  { sub: "a\nb" },
  { sub: "x".repeat(256) },
  { postern_names: "web" },
  { postern_names: { 0: "web" } },
  { postern_names: null },
])("%j is refused", (more) => {
  expect(read(more)).toBe("PN_AUTH_REFUSED");
});

test("properties that every object inherits are not claims", () => {
  expect(read({}, { userClaim: "constructor" })).toBe("PN_AUTH_REFUSED");
  expect((read({}, { namesClaim: "constructor" }) as TokenHolder).names.allow("any")).toBe(true);
});
