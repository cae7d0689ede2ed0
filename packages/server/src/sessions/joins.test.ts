import { describe, expect, test } from "vitest";
import { ERRORS, type ControlMessage } from "@postern/protocol";
import { ApiKeys } from "../login/api-keys.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";

const KEY = "ann-key-0123456789";
const BOB = "bob-key-0123456789";

async function client(dependencies: SessionDependencies, key = KEY): Promise<ScriptedPeer> {
  const peer = new ScriptedPeer(dependencies);
  const auth = { method: "api_key", api_key: key };
  await peer.ask({ type: "hello", versions: [1], auth, features: ["groups", "limit_codes"] });
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
