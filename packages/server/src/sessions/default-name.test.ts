import { expect, test } from "vitest";
import { defaultName } from "./default-name.js";
import type { Identity } from "../login/principal.js";
import { DEFAULT_NAME_RULES } from "../names/name.js";
import { NamePatterns } from "../names/name-patterns.js";
import { NameRegistry } from "../tunnels/name-registry.js";
import type { Tunnel } from "../tunnels/tunnel.js";

const MADE_UP = /^([b-z][aeiou])+(-([b-z][aeiou])+)+$/;

function wish(user: string | undefined, claim?: string[], taken: Record<string, string> = {}): string | undefined {
  const registry = new NameRegistry(() => 0);
  for (const [name, owner] of Object.entries(taken))
    registry.take({ name } as Tunnel, { owner, instance: undefined }, () => {});
  const names = claim === undefined ? NamePatterns.any : NamePatterns.parse(claim)!;
  const identity: Identity = {
    owner: "alice",
    user,
    names,
    expiresAt: Infinity,
    stands: () => true,
    recheck: undefined,
  };
  return defaultName(user, identity, registry, { ...DEFAULT_NAME_RULES, reserved: ["boss"] })?.name;
}

test("who asks for no name is called as the user, if that can be", () => {
  expect(wish("alice")).toBe("alice");
  expect(wish("Alice@example.com")).toBe("alice");
});

test.for(["admin", "boss", "auth0|123", "-a", "x".repeat(64), "", undefined])(
  "not as %s: a name is made up",
  (user) => {
    expect(wish(user)).toMatch(MADE_UP);
  },
);

test("nor under a name that is in use, by herself or by somebody else", () => {
  expect(wish("alice", undefined, { alice: "alice" })).toMatch(MADE_UP);
  expect(wish("alice", undefined, { alice: "bob" })).toMatch(MADE_UP);
});

test("a credential that lists names gives one of those, or none", () => {
  expect(wish("alice", ["web", "api2"])).toBe("web");
  expect(wish("alice", ["web", "api2"], { web: "alice" })).toBe("api2");
  expect(wish("alice", ["web"], { web: "alice" })).toBeUndefined();
  expect(wish("alice", [])).toBeUndefined();
  expect(wish("alice", ["alice*"])).toBe("alice");
  expect(wish("alice", ["team-*"])).toMatch(/^team-[a-z]+-[a-z]+-[a-z]+$/);
});
