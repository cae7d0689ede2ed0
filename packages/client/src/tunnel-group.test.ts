import { describe, expect, test } from "vitest";
import { TunnelError } from "@postern/protocol";
import type { ConnectOptions } from "./options.js";
import { checkConnectOptions } from "./tunnel.js";
import { World } from "./tunnel-world.suite.js";

/** A tunnel whose first attempt has begun. */
async function world(more: Partial<ConnectOptions>): Promise<World> {
  const begun = new World({ more });
  await begun.settle();
  return begun;
}

const JOINS = { subdomain: "web", join: true };

test("a client that joins others asks for it, and reports how many clients serve the name", async () => {
  const begun = await world({ ...JOINS, weight: 3 });
  begun.last.members = 3;
  await begun.connect();
  expect(begun.last.request).toMatchObject({ subdomain: "web", join: true, weight: 3 });
  const established = begun.events.find(({ type }) => type === "tunnel_established");
  expect(established).toMatchObject({ data: { members: 3 } });
  expect(established?.message).toMatch(/, together with 2 other clients$/);
  expect(begun.tunnel.status().config_summary.group_weight).toBe(3);
});

test("a client that asks for a strategy reports the one of its group, and how the group changes", async () => {
  const begun = await world({ ...JOINS, strategy: "least_time", connections: 2 });
  begun.last.members = 1;
  begun.last.strategy = "least_time";
  await begun.connect();
  expect(begun.last.request ?? begun.attempts[0]!.request).toMatchObject({ join: true, strategy: "least_time" });
  expect(begun.tunnel.status().group).toEqual({ members: 1, strategy: "least_time" });
  const changes = (): unknown[] => begun.events.filter(({ data }) => "group" in data).map(({ data }) => data);
  // Both sessions hear of it.
  for (let n = 0; n < 2; n++) begun.tunnel.onGroup({ members: 3, strategy: "least_time" });
  begun.tunnel.onGroup({ members: 9, strategy: "\u001b[2J" });
  expect(changes()).toEqual([{ group: { members: 3, strategy: "least_time" } }]);
  expect(begun.tunnel.status().group).toEqual({ members: 3, strategy: "least_time" });
  expect(begun.events.at(-1)?.message).toBe("2 other clients serve this name too (least_time)");
});

test("at a server that reports no changes of the group, the status does not show a number that may be wrong", async () => {
  const begun = await world(JOINS);
  begun.last.members = 3;
  await begun.connect();
  expect(begun.tunnel.status().group).toBeNull();
});

test("a strategy needs a server that knows it", async () => {
  const begun = await world({ ...JOINS, strategy: "first" });
  const { last } = begun;
  last.features = ["limit_codes", "groups"];
  await begun.connect();
  expect(last.request).toBeUndefined();
  expect(begun.outcome).toMatchObject({
    code: "PN_UNSUPPORTED",
    message: expect.stringContaining("--strategy") as string,
  });
});

test("a client that does not join says nothing about groups", async () => {
  const begun = await world({ subdomain: "web" });
  await begun.connect();
  expect(begun.last.request).toMatchObject({ join: false, weight: undefined });
  expect(begun.events.find(({ type }) => type === "tunnel_established")?.data).not.toHaveProperty("members");
  expect(begun.tunnel.status().config_summary.group_weight).toBeNull();
});

describe("at a server that does not know groups", () => {
  test("a client that wants to join does not request the name, because it would replace the others", async () => {
    const begun = await world(JOINS);
    const { last } = begun;
    last.features = ["limit_codes"];
    await begun.connect();
    expect(last.request).toBeUndefined();
    expect(begun.outcome).toBeInstanceOf(TunnelError);
    expect(begun.outcome).toMatchObject({
      code: "PN_UNSUPPORTED",
      message: expect.stringContaining("--join") as string,
    });
  });

  test("another client requests its name as before", async () => {
    const begun = await world({});
    begun.last.features = [];
    await begun.connect();
    expect(begun.outcome).toBe("open");
  });
});

test.each([
  [{ weight: 2 }, "weight needs join."],
  [{ strategy: "first" }, "strategy needs join."],
  [{ join: true }, "join needs a subdomain."],
  [{ ...JOINS, weight: -1 }, "weight must be a whole number from 0 to 65535, not -1."],
  [{ ...JOINS, weight: 1.5 }, "weight must be a whole number from 0 to 65535, not 1.5."],
])("the options %j are refused", (more, message) => {
  const options = { server: "http://home.test", local: 80, apiKey: "a-key", ...more };
  expect(() => checkConnectOptions(options)).toThrow(new TypeError(message));
});
