import { describe, expect, test } from "vitest";
import { Seal, VisitorLogins } from "@postern/gateway/policies";
import { HostRateLimitStep, Steps } from "@postern/gateway";
import { SERVER_LIMITS } from "../limits.js";
import { NO_POLICIES, type AskedPolicies } from "./asked-policies.js";
import type { TunnelPolicy } from "./tunnel-policy.js";
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

describe("logins of visitors", () => {
  const LOGIN = { oidc: { max_age: 60_000 } };
  const provider = { issuer: "https://idp.test", clientId: "postern" };
  const visitorLogins = (): VisitorLogins =>
    new VisitorLogins({
      secret: () => "secret",
      provider,
      shared: { callbackSite: () => "https://base.test", isSite: (site) => site.endsWith(".base.test") },
    });

  test("need a provider of the server", () => {
    expect(new TunnelPolicies().read(LOGIN)).toEqual({ code: "PN_POLICY_FORBIDDEN", detail: "oidc" });
    expect(() => new TunnelPolicies({ always: { oidc: { emails: [], domains: [], groups: [], maxAge: 1 } } })).toThrow(
      RangeError,
    );
    const policies = new TunnelPolicies({}, undefined, undefined, undefined, visitorLogins());
    expect(policies.read(LOGIN)).toMatchObject({ permissions: ["oidc"] });
    policies.replace({ allow: [] });
    expect(policies.read(LOGIN)).toEqual({ code: "PN_POLICY_FORBIDDEN", detail: "oidc" });
  });

  test("have paths of their own only while a tunnel has logins", () => {
    const logins = visitorLogins();
    const policies = new TunnelPolicies({}, undefined, undefined, undefined, logins);
    const path = "/.postern/oidc/enter";
    expect(logins.owns(path)).toBe(false);
    const policy = policies.take("ann", "shop", policies.read(LOGIN) as AskedPolicies);
    expect(logins.owns(path)).toBe(true);
    policies.release(policy);
    policies.sweep(() => undefined);
    expect(logins.owns(path)).toBe(false);
  });

  test("are not those of a later owner of the name", () => {
    const policies = new TunnelPolicies({}, undefined, undefined, undefined, visitorLogins());
    const read = policies.read(LOGIN) as AskedPolicies;
    const links = ["ann", "bob"].map((owner) => {
      const { steps } = policies.take(owner, "shop", read);
      const verdict = steps!.check({
        method: "GET",
        path: "/",
        host: "shop.base.test",
        site: "https://shop.base.test",
        upgrade: "",
        cookies: () => "",
        fieldValue: (name: string) => (name === "accept" ? "text/html" : ""),
      } as never) as unknown as { fields: { Location: string } };
      const token = new URL(verdict.fields.Location).searchParams.get("login_token")!;
      return (new Seal("secret").open("login", token, 0) as { value: { policy: string } }).value.policy;
    });
    expect(links[0]).not.toBe(links[1]);
  });
});

test("names without policies share one, which costs their requests nothing", () => {
  const policies = new TunnelPolicies();
  const policy = policies.take("ann", "shop", NO_POLICIES);
  expect(policies.take("bob", "other", NO_POLICIES)).toBe(policy);
  expect(policy.steps).toBeUndefined();
});

test("limits of the server hold for all names; those of a gateway's routes have only the rest", () => {
  const limits = new Steps([]);
  const policies = new TunnelPolicies({}, undefined, undefined, limits);
  const plain = policies.take("ann", "shop", NO_POLICIES);
  expect([plain.steps, plain.access]).toEqual([limits, undefined]);
  const own = policies.take("ann", "shop", asked(policies, 60));
  expect(own.access).toBe(own.own);
  expect(own.steps).not.toBe(own.access);
  policies.replace({ always: { addresses: { deny: ["192.0.2.1"] } } });
  expect(policies.take("ann", "other", NO_POLICIES).steps).not.toBe(limits);
});

test("a stranger that a policy refuses uses up nothing of the limit of the tunnel", () => {
  const limits = new Steps([new HostRateLimitStep({ requestsPerMinute: 1, window: 60_000, burst: 1 })]);
  const always = { addresses: { deny: ["192.0.2.1"] } };
  const policies = new TunnelPolicies({ always }, undefined, undefined, limits);
  const own = policies.read({ deny_ips: ["192.0.2.2"] });
  if ("code" in own) throw new Error(own.code);
  for (const [name, given] of [
    ["plain", NO_POLICIES],
    ["shop", own],
  ] as const) {
    const { steps } = policies.take("ann", name, given);
    const codeFor = (address: string): string => {
      const request = { address, host: name, startedAt: 0, cookies: () => "", changedValue() {}, hold() {} };
      const verdict = steps?.check(request as never);
      return verdict !== undefined && "code" in verdict ? verdict.code : "admitted";
    };
    const strangers = given === own ? ["192.0.2.1", "192.0.2.2"] : ["192.0.2.1"];
    for (const stranger of strangers) expect(codeFor(stranger)).toBe("PN_ACCESS_ADDRESS");
    expect([codeFor("192.0.2.3"), codeFor("192.0.2.3")]).toEqual(["admitted", "PN_TUNNEL_RATE"]);
  }
});

test("of the names that are not served, those that were served last are kept; those that are served do not count", () => {
  const policies = new TunnelPolicies();
  const rate = asked(policies, 60);
  const take = (name: string): TunnelPolicy => policies.take("ann", name, rate);
  const served = Array.from({ length: 100 }, (_, n) => take(`served-${n}`));
  const names = Array.from({ length: SERVER_LIMITS.policiesKept + 1 }, (_, n) => `idle-${n}`);
  const idle = names.map(take);
  for (const each of idle) policies.release(each);
  expect(take("idle-1")).toBe(idle[1]);
  expect(take(names.at(-1)!)).toBe(idle.at(-1));
  expect(take("idle-0")).not.toBe(idle[0]);
  expect(served.map((each, n) => take(`served-${n}`) === each)).not.toContain(false);
});
