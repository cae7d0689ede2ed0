import { expect, test } from "vitest";
import type { Identity } from "./identity.js";
import { isAllowed, policyId, type OidcOptions } from "./policy.js";

const PROVIDER = { issuer: "https://idp.test", clientId: "a" };
const POLICY: OidcOptions = {
  emails: [],
  domains: [],
  groups: [],
  maxAge: 60_000,
};

const ann: Identity = { subject: "1", email: "Ann@Shop.example", groups: ["staff"] };

test.for<[allowed: boolean, policy: Partial<OidcOptions>, identity?: Partial<Identity>]>([
  [true, {}],
  [true, {}, { email: "", groups: [] }],
  [true, { emails: ["ann@shop.example"] }],
  [true, { emails: ["ANN@SHOP.EXAMPLE"] }],
  [false, { emails: ["bob@shop.example"] }],
  [true, { domains: ["shop.example"] }],
  [true, { domains: ["Shop.Example"] }],
  [false, { domains: ["example"] }],
  [false, { domains: ["op.example"] }],
  [false, { domains: ["shop.example"] }, { email: "ann@a.shop.example" }],
  [false, { domains: ["shop.example"] }, { email: "ann@shop.example@evil.example" }],
  [false, { domains: ["shop.example"] }, { email: "" }],
  [false, { emails: [""] }, { email: "" }],
  [true, { emails: ["bob@x.example"], domains: ["shop.example"] }],
  [true, { groups: ["admins", "staff"] }],
  [false, { groups: ["admins"] }],
  [false, { groups: ["Staff"] }],
  [false, { groups: ["staff"] }, { groups: [] }],
  [true, { domains: ["shop.example"], groups: ["staff"] }],
  [false, { domains: ["shop.example"], groups: ["admins"] }],
  [false, { domains: ["other.example"], groups: ["staff"] }],
])("admits: %j, by %j, of %j", ([allowed, policy, identity = {}]) => {
  expect(isAllowed({ ...POLICY, ...policy }, { ...ann, ...identity })).toBe(allowed);
});

test("every change of a policy is another policy, but not a new secret of the client", () => {
  const ids = [
    POLICY,
    { ...POLICY, emails: ["a@b"] },
    { ...POLICY, domains: ["a@b"] },
    { ...POLICY, groups: ["a@b"] },
    { ...POLICY, maxAge: 1 },
    { ...POLICY, owner: "ann" },
    { ...POLICY, owner: "bob" },
  ].map((policy) => policyId(policy, PROVIDER));
  ids.push(policyId(POLICY, { ...PROVIDER, issuer: "https://other.test" }));
  ids.push(policyId(POLICY, { ...PROVIDER, clientId: "b" }));
  expect(new Set(ids).size).toBe(ids.length);
  expect(policyId(POLICY, { ...PROVIDER, clientSecret: "new" })).toBe(ids[0]);
});
