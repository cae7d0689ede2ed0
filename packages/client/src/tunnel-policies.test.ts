import { describe, expect, test } from "vitest";
import { MAX_POLICIES, type Policies } from "@postern/protocol";
import { checkConnectOptions } from "./tunnel.js";
import { World } from "./tunnel-world.suite.js";

const ACCESS: Policies = { allow_ips: ["10.0.0.0/8"], basic_auth: ["ann:canary-hash"] };
const WORDS = { allow_ips: "1 network", basic_auth: "basic auth" };

/** A tunnel whose first attempt has begun. */
async function world(more: { access?: Policies } = { access: ACCESS }): Promise<World> {
  const begun = new World({ more });
  await begun.settle();
  return begun;
}

test("a client asks for its policies, and reports in a few words what the server grants, without secrets", async () => {
  const begun = await world();
  begun.last.granted = { ...WORDS, rate_limit: "60/min" };
  await begun.connect();
  expect(begun.last.request?.policies).toEqual(ACCESS);
  const established = begun.events.find(({ type }) => type === "tunnel_established");
  expect(established?.message).toMatch(/, access: 1 network, basic auth, 60\/min$/);
  expect(established?.data).toMatchObject({ access: begun.last.granted });
  expect(begun.tunnel.status().access).toEqual(begun.last.granted);
  expect(JSON.stringify([begun.events, begun.tunnel.status()])).not.toContain("canary");
});

describe("a client with policies", () => {
  test("does not bind at a server that does not know them, because the tunnel would be open to everyone", async () => {
    const begun = await world();
    const { last } = begun;
    last.features = ["groups"];
    await begun.connect();
    expect(last.request).toBeUndefined();
    const message = expect.stringContaining("too old for access policies") as string;
    expect(begun.outcome).toMatchObject({ code: "PN_POLICY_UNSUPPORTED", message });
  });

  test.each([undefined, {}, { allow_ips: "1 network" }])("does not use a tunnel with fewer: %j", async (granted) => {
    const begun = await world();
    const { last } = begun;
    last.granted = granted;
    await begun.connect();
    expect(begun.outcome).toMatchObject({ code: "PN_POLICY_UNSUPPORTED" });
    expect(last.state).toBe("over");
    expect(begun.events.some(({ type }) => type === "tunnel_established")).toBe(false);
  });

  test("does not accept words that are long, not printable, or about too many kinds", async () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`kind_${n}`, "x"]));
    for (const more of [{ other: "\u001b[2J" }, { other: "x".repeat(201) }, { "o\n": "x" }, many]) {
      const begun = await world();
      begun.last.granted = { ...WORDS, ...more };
      await begun.connect();
      expect(begun.events.some(({ type }) => type === "tunnel_established")).toBe(false);
    }
  });

  test("that are too large does not start", () => {
    const options = { server: "http://localhost", apiKey: "k", local: 1 };
    const access = { allow_ips: ["x".repeat(MAX_POLICIES)] };
    expect(() => checkConnectOptions({ ...options, access })).toThrow("larger than 8 KiB");
  });
});

test("a client without policies requests its tunnel at any server", async () => {
  const begun = await world({});
  begun.last.features = [];
  await begun.connect();
  expect(begun.outcome).toBe("open");
  expect(begun.last.request?.policies).toBeUndefined();
  expect(begun.tunnel.status().access).toEqual({});
});
