import { expect, test } from "vitest";
import { defaultName } from "./default-name.js";
import type { Principal } from "../login/principal.js";
import { DEFAULT_NAME_RULES } from "../names/name.js";
import { NamePatterns } from "../names/name-patterns.js";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { TunnelRegistry } from "../tunnels/tunnel-registry.js";
import type { Tunnel } from "../tunnels/tunnel.js";

const RANDOM = /^([b-z][aeiou])+(-([b-z][aeiou])+)+$/;

function nameFor(
  user: string | undefined,
  claim?: string[],
  taken: Record<string, string> = {},
  isCheck = false,
): string | undefined {
  const registry = new TunnelRegistry(new MemoryLeaseStore(() => 0));
  for (const [name, owner] of Object.entries(taken)) registry.add({ name } as Tunnel, { owner, instance: undefined });
  const names = claim === undefined ? NamePatterns.any : NamePatterns.parse(claim)!;
  const principal: Principal = {
    owner: "alice",
    user,
    names,
    expiresAt: Infinity,
    isAccepted: () => true,
    recheck: undefined,
  };
  return defaultName(
    user,
    principal,
    registry,
    {
      ...DEFAULT_NAME_RULES,
      reserved: [...DEFAULT_NAME_RULES.reserved, "boss"],
    },
    isCheck,
  )?.name;
}

test("without a requested name, a tunnel is named after the user if possible", () => {
  expect(nameFor("alice")).toBe("alice");
  expect(nameFor("Alice@example.com")).toBe("alice");
});

test.for(["admin", "boss", "auth0|123", "-a", "x".repeat(64), "", undefined])(
  "instead of the user name %s, the tunnel gets a random name",
  (user) => {
    expect(nameFor(user)).toMatch(RANDOM);
  },
);

test("a user name that is in use, by the same owner or another one, is not given", () => {
  expect(nameFor("alice", undefined, { alice: "alice" })).toMatch(RANDOM);
  expect(nameFor("alice", undefined, { alice: "bob" })).toMatch(RANDOM);
});

test("a check returns the name that another client of the same owner serves, and no name of another owner", () => {
  expect(nameFor("alice", undefined, { alice: "alice" }, true)).toBe("alice");
  expect(nameFor("alice", undefined, { alice: "bob" }, true)).toMatch(RANDOM);
  expect(nameFor("alice", ["web", "api2"], { web: "alice" }, true)).toBe("web");
});

test("with a credential that lists names, the tunnel gets one of them or none", () => {
  expect(nameFor("alice", ["web", "api2"])).toBe("web");
  expect(nameFor("alice", ["web", "api2"], { web: "alice" })).toBe("api2");
  expect(nameFor("alice", ["web"], { web: "alice" })).toBeUndefined();
  expect(nameFor("alice", [])).toBeUndefined();
  expect(nameFor("alice", ["alice*"])).toBe("alice");
  expect(nameFor("alice", ["team-*"])).toMatch(/^team-[a-z]+-[a-z]+-[a-z]+$/);
});
