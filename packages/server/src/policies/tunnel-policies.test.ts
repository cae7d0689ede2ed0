import { expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { NO_POLICIES, type AskedPolicies } from "./asked-policies.js";
import { TunnelPolicies } from "./tunnel-policies.js";

function asked(policies: TunnelPolicies, perMinute: number): AskedPolicies {
  const read = policies.read({ rate_limit: { requests_per_minute: perMinute } });
  if ("code" in read) throw new Error(read.code);
  return read;
}

test("a name keeps its policy until its owner no longer holds it", () => {
  const policies = new TunnelPolicies();
  const policy = policies.take("ann", "shop", asked(policies, 60));
  policies.release(policy);
  policies.sweep(() => "ann");
  expect(policies.take("ann", "shop", asked(policies, 60))).toBe(policy);
  policies.release(policy);
  policies.sweep(() => "bob");
  expect(policies.take("ann", "shop", asked(policies, 60))).not.toBe(policy);
});

test("the policy of a name belongs to its owner, and to this name", () => {
  const policies = new TunnelPolicies();
  const policy = policies.take("ann", "shop", asked(policies, 60));
  expect(policies.take("bob", "shop", asked(policies, 60))).not.toBe(policy);
  expect(policies.take("ann", "shop2", asked(policies, 60))).not.toBe(policy);
});

test("names without policies share one, which costs their requests nothing", () => {
  const policies = new TunnelPolicies();
  const policy = policies.take("ann", "shop", NO_POLICIES);
  expect(policies.take("bob", "other", NO_POLICIES)).toBe(policy);
  expect(policy.steps).toBeUndefined();
});

test("of the names that are not served, those that were bound last are kept", () => {
  const policies = new TunnelPolicies();
  const rate = asked(policies, 60);
  const served = policies.take("ann", "served", rate);
  const first = policies.take("ann", "first", rate);
  policies.release(first);
  const rest = Array.from({ length: SERVER_LIMITS.policiesKept - 2 }, (_, n) => policies.take("ann", `n${n}`, rate));
  for (const each of rest) policies.release(each);
  expect(policies.take("ann", "first", rate)).toBe(first);
  policies.release(first);
  policies.take("ann", "more", rate);
  expect(policies.take("ann", "served", rate)).toBe(served);
  expect(policies.take("ann", "first", rate)).toBe(first);
  expect(policies.take("ann", "n0", rate)).not.toBe(rest[0]);
});
