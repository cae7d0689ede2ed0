import { describe, expect, test } from "vitest";
import { ERRORS, type ControlMessage, type Policies } from "@postern/protocol";
import { TunnelPolicies } from "../policies/tunnel-policies.js";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { TunnelRegistry } from "../tunnels/tunnel-registry.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";

const SHA = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
const OFFICE: Policies = { allow_ips: ["10.0.0.0/8"] };

/** A server with these policies. */
function server(policies = new TunnelPolicies()): SessionDependencies {
  const registry = new TunnelRegistry(new MemoryLeaseStore(() => performance.now()), policies);
  return sessionDependencies({ policies, registry });
}

async function client(dependencies: SessionDependencies, features = ["policies", "groups"]): Promise<ScriptedPeer> {
  const peer = new ScriptedPeer(dependencies);
  await peer.login(features);
  return peer;
}

const bind = (peer: ScriptedPeer, more: object): Promise<ControlMessage> =>
  peer.ask({ type: "bind", bind: 1, subdomain: "shop", ...more });

/** What happens to a visitor with this address. */
function verdict({ registry }: SessionDependencies, address: string): string {
  const route = registry.find("shop");
  if (typeof route !== "object") return route ?? "unknown";
  const refused = route.steps?.check({ address, startedAt: 0, fieldValue: () => "", hold() {} } as never);
  return refused === undefined ? "admitted" : "code" in refused ? refused.code : "waits";
}

test("the server offers policies to clients that know them", async () => {
  const peer = new ScriptedPeer(server());
  expect(await peer.login(["policies"])).toMatchObject({ features: ["policies"] });
});

describe("a bind with policies", () => {
  test("gets a tunnel with all of them, and the words about them", async () => {
    const dependencies = server();
    const peer = await client(dependencies);
    const policies = { ...OFFICE, basic_auth: [`ann:${SHA}`], rate_limit: { requests_per_minute: 60 } };
    const bound = await bind(peer, { policies });
    expect(bound).toMatchObject({
      type: "bound",
      policies: { allow_ips: "1 network", rate_limit: "60/min", basic_auth: "basic auth" },
    });
    expect(JSON.stringify(bound)).not.toContain(SHA);
    expect(verdict(dependencies, "192.0.2.1")).toBe("PN_ACCESS_ADDRESS");
    expect(verdict(dependencies, "10.0.0.1")).toBe("PN_ACCESS_PASSWORD");
  });

  test("is enforced although the client did not announce the feature", async () => {
    const dependencies = server();
    await bind(await client(dependencies, []), { policies: OFFICE });
    expect(verdict(dependencies, "192.0.2.1")).toBe("PN_ACCESS_ADDRESS");
  });

  test.each<[policies: object, code: keyof typeof ERRORS, detail: string | undefined]>([
    [{ allow_ips: Array<string>(1_000).fill("10.0.0.0/8") }, "PN_POLICY_SIZE", undefined],
    [
      { allow_ips: ["nowhere"] },
      "PN_POLICY_INVALID",
      "allow_ips has an entry that is neither an IP address nor a network",
    ],
    [
      { rate_limit: { requests_per_minute: 0 } },
      "PN_POLICY_INVALID",
      "requests_per_minute of rate_limit must be a whole number, at least 1",
    ],
    [{ ...OFFICE, passkeys: {} }, "PN_POLICY_UNSUPPORTED", 'unknown: "passkeys"'],
    [{ forward_auth: { url: "https://auth.example/" } }, "PN_POLICY_FORBIDDEN", "forward_auth"],
    [{ jwt: { jwks_url: "https://a.example/", audience: "a" } }, "PN_POLICY_FORBIDDEN", "jwks_url"],
  ])("that the server does not enforce, %j, is refused: there is no tunnel", async (policies, code, detail) => {
    const dependencies = server();
    const peer = await client(dependencies);
    const { message, retryable } = ERRORS[code];
    const refusal = { type: "error", code, message, retryable, ...(detail === undefined ? {} : { detail }) };
    expect(await bind(peer, { policies })).toEqual({ ...refusal, bind: 1 });
    expect(await peer.ask({ type: "check", check: 3, subdomain: "shop", policies })).toEqual({ ...refusal, check: 3 });
    expect(dependencies.registry.size).toBe(0);
    expect(await bind(peer, { policies: OFFICE })).toMatchObject({ type: "bound" });
  });

  test("that are empty admits everyone", async () => {
    const dependencies = server();
    expect(await bind(await client(dependencies), { policies: {} })).not.toHaveProperty("policies");
    expect(verdict(dependencies, "192.0.2.1")).toBe("admitted");
  });
});

describe("the clients of a name", () => {
  test("have the same policies: a join, or another session, with others is refused", async () => {
    const dependencies = server();
    const [first, second] = [await client(dependencies), await client(dependencies)];
    await bind(first, { instance: "one", join: true, policies: { allow_ips: ["10.0.0.0/8", "10.0.0.1"] } });
    for (const policies of [undefined, { allow_ips: ["0.0.0.0/0"] }, { ...OFFICE, deny_ips: ["10.0.0.1"] }]) {
      const more = { join: true, ...(policies && { policies }) };
      expect(await bind(second, { instance: "two", ...more })).toMatchObject({ code: "PN_POLICY_MISMATCH" });
      expect(await bind(second, { instance: "one", ...more })).toMatchObject({ code: "PN_POLICY_MISMATCH" });
      const check = { type: "check" as const, check: 1, subdomain: "shop", ...more };
      expect(await second.ask(check)).toMatchObject({ code: "PN_POLICY_MISMATCH" });
    }
    // In another order they are the same.
    const policies = { allow_ips: ["10.0.0.1/32", "10.0.0.0/8"] };
    expect(await bind(second, { instance: "two", join: true, policies })).toMatchObject({ members: 2 });
    expect(verdict(dependencies, "192.0.2.1")).toBe("PN_ACCESS_ADDRESS");
    expect(verdict(dependencies, "10.9.9.9")).toBe("admitted");
  });

  test("lose their policies, with the name, to a client that replaces them", async () => {
    const dependencies = server();
    const [first, second] = [await client(dependencies), await client(dependencies)];
    await bind(first, { instance: "one", join: true, policies: OFFICE });
    await bind(first, { bind: 2, instance: "two", join: true, policies: OFFICE });
    await bind(second, { instance: "new", policies: { allow_ips: ["192.0.2.0/24"] } });
    expect([verdict(dependencies, "10.0.0.1"), verdict(dependencies, "192.0.2.1")]).toEqual([
      "PN_ACCESS_ADDRESS",
      "admitted",
    ]);
  });

  test("may have other policies when none of them serves the name", async () => {
    const dependencies = server();
    const first = await client(dependencies);
    await bind(first, { instance: "one", join: true, policies: OFFICE });
    first.server.terminate();
    await expect.poll(() => dependencies.registry.find("shop")).toBe("away");
    const second = await client(dependencies);
    expect(await bind(second, { instance: "one", join: true })).toMatchObject({ members: 1 });
    expect(verdict(dependencies, "192.0.2.1")).toBe("admitted");
  });
});

describe("what is known of visitors", () => {
  test("outlives the session, and other policies; it ends with the name", async () => {
    const dependencies = server();
    const limit = { rate_limit: { requests_per_minute: 1 } };
    const first = await client(dependencies);
    await bind(first, { instance: "one", policies: limit });
    expect([verdict(dependencies, "192.0.2.1"), verdict(dependencies, "192.0.2.1")]).toEqual([
      "admitted",
      "PN_ACCESS_RATE",
    ]);
    first.server.terminate();
    await expect.poll(() => dependencies.registry.find("shop")).toBe("away");
    dependencies.registry.sweep();
    const second = await client(dependencies);
    await bind(second, { instance: "one", policies: limit });
    expect(verdict(dependencies, "192.0.2.1")).toBe("PN_ACCESS_RATE");
    await bind(second, { bind: 2, instance: "two", policies: { ...limit, deny_ips: ["10.0.0.0/8"] } });
    expect(verdict(dependencies, "192.0.2.1")).toBe("PN_ACCESS_RATE");
    await second.ask({ type: "unbind", tunnel: 2 });
    const generated = await client(dependencies);
    await bind(generated, { instance: "three" });
    await bind(generated, { bind: 2, instance: "four", policies: limit });
    expect(verdict(dependencies, "192.0.2.1")).toBe("admitted");
  });
});

describe("a change of the server's policies", () => {
  test("unbinds the tunnels with policies that are no longer allowed, and no others", async () => {
    const policies = new TunnelPolicies();
    const dependencies = server(policies);
    const peer = await client(dependencies);
    await bind(peer, { policies: { basic_auth: [`ann:${SHA}`] } });
    await bind(peer, { bind: 2, subdomain: "open" });
    await bind(peer, { bind: 3, subdomain: "office", policies: OFFICE });
    policies.replace({ allow: ["allow_ips"] });
    peer.server.checkPolicies();
    await expect.poll(() => peer.messages.at(-1)).toMatchObject({ type: "unbound", code: "PN_POLICY_FORBIDDEN" });
    expect(peer.messages.filter(({ type }) => type === "unbound")).toHaveLength(1);
    expect(verdict(dependencies, "192.0.2.1")).toBe("offline");
    expect([dependencies.registry.has("open"), dependencies.registry.has("office")]).toEqual([true, true]);
    expect(await bind(peer, { bind: 4, policies: { basic_auth: [] } })).toMatchObject({ code: "PN_POLICY_FORBIDDEN" });
  });

  test("holds for all tunnels at once, besides their own, and keeps what is known of visitors", async () => {
    const rateLimit = { window: 60_000, requestsPerMinute: 1 };
    const policies = new TunnelPolicies({ always: { rateLimit } });
    const dependencies = server(policies);
    const peer = await client(dependencies);
    expect(await bind(peer, {})).toMatchObject({ policies: { rate_limit: "1/min" } });
    expect([verdict(dependencies, "192.0.2.1"), verdict(dependencies, "192.0.2.1")]).toEqual([
      "admitted",
      "PN_ACCESS_RATE",
    ]);
    policies.replace({ always: { rateLimit, addresses: { deny: ["203.0.113.0/24"] } } });
    expect(verdict(dependencies, "203.0.113.1")).toBe("PN_ACCESS_ADDRESS");
    expect(verdict(dependencies, "192.0.2.1")).toBe("PN_ACCESS_RATE");
    const bound = await bind(peer, { bind: 2, policies: { allow_ips: ["203.0.113.1", "10.0.0.1"] } });
    expect(bound).toMatchObject({
      policies: { allow_ips: "2 networks", deny_ips: "without 1 network", rate_limit: "1/min" },
    });
    expect(verdict(dependencies, "203.0.113.1")).toBe("PN_ACCESS_ADDRESS");
    expect(verdict(dependencies, "10.0.0.1")).toBe("admitted");
    policies.replace({});
    expect(verdict(dependencies, "203.0.113.1")).toBe("admitted");
  });

  test("that is not valid changes nothing", () => {
    const policies = new TunnelPolicies({ allow: ["jwt"] });
    expect(() => policies.replace({ allow: ["nonsense"] })).toThrow('There is no policy "nonsense".');
    const always = { jwt: { secret: "short", fields: {} } };
    expect(() => policies.replace({ allow: [], always })).toThrow(RangeError);
    expect(policies.allows({ options: undefined, content: "", permissions: ["jwt"] })).toBe(true);
  });
});
