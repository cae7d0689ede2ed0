import { describe, expect, test } from "vitest";
import type { UpstreamRoute } from "@postern/gateway";
import { ERRORS, type Bound, type ControlMessage } from "@postern/protocol";
import { ApiKeys } from "../login/api-keys.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";

const KEY = "ann-key-0123456789";
const BOB = "bob-key-0123456789";

async function client(dependencies: SessionDependencies, key = KEY): Promise<ScriptedPeer> {
  const peer = new ScriptedPeer(dependencies);
  const auth = { method: "api_key", api_key: key };
  await peer.ask({ type: "hello", versions: [1], auth, features: ["groups", "limit_codes", "group_state"] });
  return peer;
}
const bind = (peer: ScriptedPeer, more: object): Promise<ControlMessage> =>
  peer.ask({ type: "bind", bind: 1, subdomain: "shop", ...more });
const two = [
  { owner: "ann", key: KEY },
  { owner: "bob", key: BOB },
];

test("the server offers groups to clients that know them", async () => {
  const peer = new ScriptedPeer(sessionDependencies());
  expect(await peer.login(["groups"])).toMatchObject({ features: ["groups"] });
});

describe("a bind that joins", () => {
  test("starts a group, or joins the clients that serve the name, also one that did not ask for it", async () => {
    const dependencies = sessionDependencies();
    const peers = [await client(dependencies), await client(dependencies), await client(dependencies)];
    const first = await bind(peers[0]!, { instance: "one" });
    expect([first.type, "members" in first]).toEqual(["bound", false]);
    expect(await bind(peers[1]!, { instance: "two", join: true })).toMatchObject({ type: "bound", members: 2 });
    expect(await bind(peers[2]!, { instance: "three", join: true, weight: 0 })).toMatchObject({ members: 3 });
    for (const { messages } of peers) expect(messages.some(({ type }) => type === "unbound")).toBe(false);
    // The first client opens another session. It belongs to the group now.
    const another = await client(dependencies);
    expect(await bind(another, { instance: "one" })).toMatchObject({ type: "bound" });
    expect(dependencies.registry.memberCount("shop")).toBe(3);
    expect(dependencies.registry.members("shop").map(({ weight }) => weight)).toEqual([1, 1, 0]);
  });

  test("without an instance is a client of its own each time", async () => {
    const dependencies = sessionDependencies();
    const peer = await client(dependencies);
    expect(await bind(peer, { join: true })).toMatchObject({ members: 1 });
    expect(await bind(peer, { bind: 2, join: true })).toMatchObject({ members: 2 });
  });

  test("cannot join the clients of another owner", async () => {
    const dependencies = sessionDependencies({ authenticator: new ApiKeys(two) });
    expect(await bind(await client(dependencies), { instance: "one", join: true })).toMatchObject({ type: "bound" });
    const stranger = await client(dependencies, BOB);
    expect(await bind(stranger, { instance: "one", join: true })).toMatchObject({ code: "PN_NAME_TAKEN" });
    expect(dependencies.registry.memberCount("shop")).toBe(1);
  });

  test("is refused where the operator does not allow groups, and so is the check of it", async () => {
    const peer = await client(sessionDependencies({ mayJoin: false }));
    const { message, retryable } = ERRORS.PN_JOIN_FORBIDDEN;
    const refusal = { type: "error", code: "PN_JOIN_FORBIDDEN", message, retryable };
    expect(await bind(peer, { instance: "one", join: true })).toMatchObject(refusal);
    expect(await peer.ask({ type: "check", check: 3, subdomain: "shop", join: true })).toMatchObject(refusal);
    expect(await bind(peer, { instance: "one" })).toMatchObject({ type: "bound" });
  });
});

describe("a strategy", () => {
  const joins = (peer: ScriptedPeer, instance: string, more = {}): Promise<ControlMessage> =>
    bind(peer, { instance, join: true, ...more });

  test("is that of the first client that asks for one, then of all; without a wish it is the operator's", async () => {
    const dependencies = sessionDependencies();
    const peers = [await client(dependencies), await client(dependencies), await client(dependencies)];
    expect(await joins(peers[0]!, "one")).toMatchObject({ members: 1, strategy: "least_connections" });
    expect(await joins(peers[1]!, "two", { strategy: "first" })).toMatchObject({ members: 2, strategy: "first" });
    expect(await joins(peers[2]!, "three", { strategy: "first" })).toMatchObject({ members: 3, strategy: "first" });
    const { pool } = dependencies.registry.find("shop") as UpstreamRoute;
    const context = { address: "192.0.2.1", startedAt: 0, request: { fieldValue: () => "" } };
    // The others are suspect until they have answered a ping.
    await expect.poll(() => new Set([1, 2, 3].map(() => pool.pick(context)?.name))).toEqual(new Set(["one"]));
  });

  test("is kept from the time before others have joined", async () => {
    const dependencies = sessionDependencies();
    expect(await joins(await client(dependencies), "one", { strategy: "hash" })).toMatchObject({
      code: "PN_STRATEGY_FORBIDDEN",
    });
    expect(await joins(await client(dependencies), "one", { strategy: "random" })).toMatchObject({ members: 1 });
    expect(await joins(await client(dependencies), "two")).toMatchObject({ members: 2, strategy: "random" });
  });

  test("that another client has not asked for is refused, until no client with another one serves the name", async () => {
    const dependencies = sessionDependencies();
    const [one, two, three] = [await client(dependencies), await client(dependencies), await client(dependencies)];
    await joins(one, "one", { strategy: "least_time" });
    await joins(two, "two");
    const { message, retryable } = ERRORS.PN_STRATEGY_CONFLICT;
    const refusal = { code: "PN_STRATEGY_CONFLICT", message, retryable, detail: "they use least_time" };
    expect(await joins(three, "three", { strategy: "first" })).toMatchObject(refusal);
    const check = { type: "check", check: 2, subdomain: "Shop", join: true, strategy: "first" } as const;
    expect(await three.ask(check)).toMatchObject(refusal);
    // The client itself may change its mind.
    expect(await joins(one, "one", { bind: 2, strategy: "random" })).toMatchObject({ strategy: "random" });
    expect(await joins(three, "three", { strategy: "least_time" })).toMatchObject({ detail: "they use random" });
    one.server.terminate();
    await expect.poll(() => dependencies.registry.memberCount("shop")).toBe(1);
    expect(await joins(three, "three", { strategy: "first" })).toMatchObject({ members: 2, strategy: "first" });
  });

  test("is refused if the operator does not allow it, or it is unknown, with those that are allowed", async () => {
    const peer = await client(sessionDependencies({ groupStrategies: ["first", "random"] }));
    for (const strategy of ["least_time", "best", "constructor"])
      expect(await joins(peer, "one", { strategy })).toMatchObject({
        code: "PN_STRATEGY_FORBIDDEN",
        detail: "it allows first, random",
        retryable: false,
      });
    expect(await joins(peer, "one", { strategy: "random" })).toMatchObject({ type: "bound" });
    const strict = await client(sessionDependencies({ groupStrategies: [] }));
    expect(await joins(strict, "one", { strategy: "first" })).toMatchObject({ detail: "it allows none" });
  });

  test("has no effect without join", async () => {
    const peer = await client(sessionDependencies({ groupStrategies: [] }));
    expect(await bind(peer, { instance: "one", strategy: "first" })).toMatchObject({ type: "bound" });
  });
});

describe("the clients of a group", () => {
  test("are told how many they are and how they share requests, once after each change, if they know the message", async () => {
    const dependencies = sessionDependencies();
    const old = new ScriptedPeer(dependencies);
    await old.login(["groups"]);
    await bind(old, { instance: "old" });
    const peers = [await client(dependencies), await client(dependencies)];
    const told = (peer: ScriptedPeer): unknown[] => peer.messages.filter(({ type }) => type === "group");
    const { tunnel } = (await bind(peers[0]!, { instance: "one", join: true })) as Bound;
    await bind(peers[1]!, { instance: "two", join: true, strategy: "first" });
    expect(told(peers[0]!)).toEqual([]);
    for (let n = 0; n < 3; n++) dependencies.registry.sweep();
    const first = { type: "group", tunnel, members: 3, strategy: "first" };
    await expect.poll(() => told(peers[0]!)).toEqual([first]);
    peers[1]!.server.terminate();
    await expect.poll(() => dependencies.registry.memberCount("shop")).toBe(2);
    for (let n = 0; n < 3; n++) dependencies.registry.sweep();
    await expect.poll(() => told(peers[0]!)).toEqual([first, { ...first, members: 2 }]);
    expect(told(old)).toEqual([]);
  });
});

describe("a bind that does not join", () => {
  test("replaces a whole group, whose clients are told once, and cannot come back, not even by joining", async () => {
    const dependencies = sessionDependencies();
    const members = [await client(dependencies), await client(dependencies)];
    for (const [n, peer] of members.entries()) await bind(peer, { instance: `i${n}`, join: true });
    const dropped = await client(dependencies);
    await bind(dropped, { instance: "dropped", join: true });
    dropped.server.terminate();
    await expect.poll(() => dependencies.registry.memberCount("shop")).toBe(2);

    const latter = await client(dependencies);
    expect(await bind(latter, { instance: "new" })).toMatchObject({ type: "bound" });
    for (const { messages } of members)
      await expect
        .poll(() => messages.filter(({ type }) => type === "unbound"))
        .toMatchObject([{ code: "PN_NAME_TAKEN_OVER" }]);
    const again = await client(dependencies);
    for (const instance of ["i0", "i1", "dropped"])
      expect(await bind(again, { instance, join: true })).toMatchObject({ code: "PN_NAME_TAKEN_OVER" });
    expect(await bind(again, { instance: "other", join: true })).toMatchObject({ members: 2 });
  });

  test("stays in its group if its client has joined it before, also after all clients have dropped", async () => {
    const dependencies = sessionDependencies();
    const members = [await client(dependencies), await client(dependencies)];
    await bind(members[0]!, { instance: "plain" });
    await bind(members[1]!, { instance: "joined", join: true });
    for (const { server } of members) server.terminate();
    await expect.poll(() => dependencies.registry.find("shop")).toBe("away");
    const [joined, plain] = [await client(dependencies), await client(dependencies)];
    expect(await bind(joined, { instance: "joined", join: true })).toMatchObject({ members: 1 });
    expect(await bind(plain, { instance: "plain" })).toMatchObject({ type: "bound" });
    expect(dependencies.registry.memberCount("shop")).toBe(2);
  });
});

test("a name whose clients all have the weight 0 is offline, and still belongs to its owner", async () => {
  const dependencies = sessionDependencies();
  const [first, second] = [await client(dependencies), await client(dependencies)];
  await bind(first, { instance: "one", join: true, weight: 0 });
  expect(dependencies.registry.find("shop")).toBe("offline");
  await bind(second, { instance: "two", join: true });
  expect(dependencies.registry.find("shop")).toMatchObject({ kind: "upstream" });
});
