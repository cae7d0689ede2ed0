import type { ErrorCode } from "@postern/protocol";
import { expect, test } from "vitest";
import { Tunnel } from "./tunnel.js";
import { World, type Attempt } from "./tunnel-world.suite.js";

test("servers are tried in order, without a pause until all have failed", async () => {
  const world = new World({ fallbacks: ["http://b.test", "http://c.test"] });
  await world.settle();
  for (let n = 0; n < 3; n++) await world.fail("PN_SERVER_UNREACHABLE");
  expect(world.attempts.map(({ options }) => options.address.host)).toEqual(["home.test", "b.test", "c.test"]);
  expect([world.alive.length, world.timers.length]).toEqual([0, 1]);
  await world.wait();
  await world.fail("PN_SERVER_UNREACHABLE");
  await world.connect();
  expect([world.tunnel.state, world.tunnel.url]).toEqual(["connected", "http://name.b.test"]);
});

test("a tunnel with several sessions is connected as long as one of them is", async () => {
  const world = new World({ connections: 3 });
  await world.settle();
  expect(world.attempts).toHaveLength(1);
  await world.connect();
  expect(world.attempts).toHaveLength(3);
  for (const attempt of world.attempts.slice(1)) await world.connect(attempt);
  for (const attempt of world.attempts.slice(0, 2)) await world.fail("PN_SESSION_LOST", attempt);
  expect(world.tunnel.state).toBe("connected");
  expect(world.events.filter(({ type }) => type === "tunnel_closed")).toEqual([]);
  await world.fail("PN_SESSION_LOST", world.attempts[2]!);
  expect(world.tunnel.state).toBe("reconnecting");
  const established = world.events.filter(({ type }) => type === "tunnel_established");
  expect(established).toHaveLength(1);
});

/** Logs the last attempt in, and refuses its request for the name. */
async function refuseName(world: World, code: ErrorCode): Promise<void> {
  world.last.succeed();
  world.last.succeed();
  await world.settle();
  await world.fail(code);
}

test("a tunnel uses the sessions that the server has room for", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connect();
  await refuseName(world, "PN_TUNNEL_LIMIT");
  expect([world.tunnel.state, world.outcome, world.alive.length]).toEqual(["connected", "open", 1]);
});

const hosts = (attempts: Attempt[]): string[] => attempts.map(({ options }) => options.address.host);

/** A tunnel with three connected sessions, at the fallback if there is one. */
async function threeSessions(
  options: { fallbacks?: string[]; maxAttempts?: number; enabled?: boolean } = {},
): Promise<World> {
  const world = new World({ connections: 3, ...options });
  await world.settle();
  if (options.fallbacks !== undefined) await world.fail("PN_SERVER_UNREACHABLE");
  await world.connect();
  await world.connectAll();
  expect(world.alive.map(({ state }) => state)).toEqual(["bound", "bound", "bound"]);
  return world;
}

async function loseAll(world: World): Promise<void> {
  for (const attempt of world.alive) attempt.fail("PN_SESSION_LOST");
  await world.settle();
}

test("while no session is connected, one supervisor searches for a server, and the others follow it", async () => {
  const world = await threeSessions({ fallbacks: ["http://b.test"] });
  await loseAll(world);
  await world.retry();
  expect(hosts(world.alive)).toEqual(["b.test"]);
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(world.alive).toEqual([]);
  for (let time = 0; time < 3; time++) {
    await world.retry();
    expect(hosts(world.alive)).toEqual(["home.test"]);
    await world.fail("PN_SERVER_UNREACHABLE");
    expect(hosts(world.alive)).toEqual(["b.test"]);
    if (time < 2) await world.fail("PN_SERVER_UNREACHABLE");
  }
  await world.connect();
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test"]);
  await world.connectAll();
  expect(world.alive.every(({ state }) => state === "bound")).toBe(true);
});

test("attempts to open an additional session do not count against maxAttempts", async () => {
  const world = await threeSessions({ maxAttempts: 1 });
  await world.fail("PN_SESSION_LOST", world.last);
  for (let time = 0; time < 5; time++) {
    await world.retry();
    await world.fail("PN_SERVER_UNREACHABLE");
  }
  expect([world.tunnel.state, world.alive.length]).toEqual(["connected", 2]);
  await loseAll(world);
  // The leader may be the supervisor that was already retrying.
  for (let time = 0; time < 2 && world.tunnel.state !== "failed"; time++) {
    await world.retry();
    await world.fail("PN_SERVER_UNREACHABLE");
  }
  expect(world.outcome).toMatchObject({ code: "PN_SERVER_UNREACHABLE" });
});

test("a fallback that refuses is avoided until the primary has been back; a refusal of the primary is final", async () => {
  const world = new World({ fallbacks: ["http://b.test", "http://c.test"] });
  await world.settle();
  await world.fail("PN_SERVER_UNREACHABLE");
  await world.fail("PN_AUTH_REFUSED");
  await world.fail("PN_SERVER_UNREACHABLE");
  await world.retry();
  await world.fail("PN_SERVER_UNREACHABLE");
  await world.connect();
  expect(hosts(world.attempts)).toEqual(["home.test", "b.test", "c.test", "home.test", "c.test"]);
  await world.fail("PN_NAME_FORBIDDEN");
  await world.retry();
  expect(hosts(world.alive)).toEqual(["home.test"]);
  await world.connect();
  await world.fail("PN_SESSION_LOST");
  await world.retry();
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(hosts(world.alive)).toEqual(["b.test"]);
  await world.fail("PN_SERVER_UNREACHABLE");
  await world.fail("PN_SERVER_UNREACHABLE");
  await world.retry();
  await world.fail("PN_AUTH_REFUSED");
  expect([world.tunnel.state, world.outcome]).toMatchObject(["failed", { code: "PN_AUTH_REFUSED" }]);
});

test("when the primary is back all sessions move there, each new one before the old one ends", async () => {
  const world = await threeSessions({ fallbacks: ["http://b.test"] });
  const former = world.alive;
  await world.checkPrimary(3);
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test"]);
  world.isUp = true;
  await world.checkPrimary(3);
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test", "home.test"]);
  await world.connect();
  expect([world.tunnel.url, world.tunnel.state]).toEqual(["http://name.home.test", "connected"]);
  await world.connectAll();
  expect(hosts(world.alive)).toEqual(["home.test", "home.test", "home.test"]);
  expect(former.every(({ drained }) => drained)).toBe(true);
  expect(world.states.slice(world.states.lastIndexOf("connected") + 1)).toEqual([]);
  expect(world.timers).toEqual([]);
});

test("a failed move to the primary is repeated; a session that cannot follow moves later", async () => {
  const world = await threeSessions({ fallbacks: ["http://b.test"] });
  world.isUp = true;
  await world.checkPrimary(3);
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test"]);
  await world.checkPrimary(3);
  await world.connect();
  await world.fail("PN_LOGIN_BUSY");
  expect(hosts(world.serving)).toEqual(["b.test", "home.test"]);
  await world.connectAll();
  expect(hosts(world.alive)).toEqual(["home.test", "home.test", "home.test"]);
});

test("without reconnection lost sessions are not replaced, and the tunnel ends with the last one", async () => {
  const world = await threeSessions({ enabled: false });
  const [first, second, third] = world.alive as [Attempt, Attempt, Attempt];
  await world.fail("PN_SESSION_LOST", first);
  second.goAway(0);
  await world.settle();
  expect([world.tunnel.state, world.attempts.length]).toEqual(["connected", 3]);
  await world.fail("PN_DRAINING", second);
  expect(world.outcome).toBe("open");
  await world.fail("PN_SESSION_LOST", third);
  expect([world.tunnel.state, world.outcome]).toMatchObject(["failed", { code: "PN_SESSION_LOST" }]);
});

test.for([0, 1.5, 17, Number.NaN])("%d connections are invalid", (connections) => {
  expect(() => new Tunnel({ server: "http://home.test", local: 80, apiKey: "a-key", connections })).toThrow(
    "connections must be a whole number from 1 to 16",
  );
});

test("a session that is lost while it moves to the primary is replaced once", async () => {
  for (const end of ["lost", "drained by the server"]) {
    const world = new World({ fallbacks: ["http://b.test"] });
    await world.settle();
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.connect();
    const old = world.last;
    world.isUp = true;
    await world.checkPrimary(3);
    const moving = world.last;
    if (end === "lost") await world.fail("PN_SESSION_LOST", old);
    else old.goAway(0);
    await world.settle();
    expect(moving.state).toBe("over");
    await world.retry();
    await world.connectAll();
    expect(world.serving).toHaveLength(1);
    expect(world.tunnel.state).toBe("connected");
  }
});

test("a session that opens at a server that the tunnel has left is closed", async () => {
  const world = await threeSessions({ fallbacks: ["http://b.test"] });
  await world.fail("PN_SESSION_LOST", world.last);
  await world.retry();
  const late = world.last;
  world.isUp = true;
  await world.checkPrimary(3);
  await world.connect();
  await world.connect(late);
  expect([late.state, world.tunnel.url]).toEqual(["over", "http://name.home.test"]);
});

test("when the first session at the primary is lost, the tunnel is still at the fallback", async () => {
  const world = await threeSessions({ fallbacks: ["http://b.test"] });
  world.isUp = true;
  await world.checkPrimary(3);
  await world.connect();
  expect(world.tunnel.url).toBe("http://name.home.test");
  await world.fail(
    "PN_SESSION_LOST",
    world.serving.find(({ options }) => options.address.host === "home.test"),
  );
  expect([world.tunnel.url, world.tunnel.state]).toEqual(["http://name.b.test", "connected"]);
});

test("retries of an additional session do not delay the reconnection of the tunnel", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connectAll();
  world.now += 40_000;
  const [stable] = world.attempts as [Attempt];
  for (let time = 0; time < 8; time++) {
    await world.fail(
      "PN_SESSION_LOST",
      world.alive.find((attempt) => attempt !== stable),
    );
    await world.retry();
    await world.connectAll();
  }
  await world.fail("PN_SESSION_LOST", stable);
  await world.fail("PN_SESSION_LOST");
  expect(world.timers.map(({ milliseconds }) => milliseconds)).toEqual([500]);
  await world.retry();
  expect(world.alive).toHaveLength(1);
});

test("the tunnel waits for a server that is busy for a given time, unless that time is long", async () => {
  const busy = new World({ fallbacks: ["http://b.test"] });
  await busy.settle();
  await busy.fail("PN_LOGIN_BUSY", busy.last, 60_000);
  expect([busy.alive.length, busy.timers[0]?.milliseconds]).toEqual([0, 60_500]);

  const full = new World({ fallbacks: ["http://b.test"] });
  await full.settle();
  await full.fail("PN_SERVER_UNREACHABLE");
  await full.fail("PN_LOGIN_BUSY", full.last, 3_600_000);
  expect([full.alive.length, full.timers[0]?.milliseconds]).toEqual([0, 500]);
  await full.retry();
  expect(hosts(full.alive)).toEqual(["home.test"]);
  await full.fail("PN_SERVER_UNREACHABLE");
  expect([full.alive.length, full.timers[0]?.milliseconds]).toEqual([0, 1_500]);
});

test("when a server asks for a new session later, the tunnel moves to a fallback at once", async () => {
  const world = new World({ fallbacks: ["http://b.test"] });
  await world.settle();
  await world.connect();
  world.last.goAway(5_000);
  await world.settle();
  expect(hosts(world.alive)).toEqual(["home.test", "b.test"]);
});

test("a session that the server had no room for is tried again after the tunnel was down", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connect();
  await refuseName(world, "PN_TUNNEL_LIMIT");
  await world.fail("PN_SESSION_LOST");
  expect(world.tunnel.state).toBe("reconnecting");
  await world.retry();
  await world.connectAll();
  expect(world.serving).toHaveLength(2);
});

test("a final error of an additional session does not fail the tunnel", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connect();
  await world.fail("PN_SERVER_UNTRUSTED");
  expect([world.tunnel.state, world.timers.length]).toEqual(["connected", 1]);
});

test("when a tunnel moves to the primary, resting and waiting sessions are tried there", async () => {
  for (const code of ["PN_TUNNEL_LIMIT", "PN_AUTH_REFUSED"] as const) {
    const world = new World({ connections: 2, fallbacks: ["http://b.test"] });
    await world.settle();
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.connect();
    await refuseName(world, code);
    world.isUp = true;
    await world.checkPrimary(3);
    await world.connectAll();
    expect(hosts(world.serving)).toEqual(["home.test", "home.test"]);
  }
});

test("without reconnection no server is tried after a session was lost, also at a fallback", async () => {
  for (const code of ["PN_SESSION_LOST", "PN_AUTH_EXPIRED"] as const) {
    const world = new World({ fallbacks: ["http://b.test", "http://c.test"], enabled: false });
    await world.settle();
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.connect();
    await world.fail(code);
    expect([world.tunnel.state, hosts(world.attempts)]).toEqual(["failed", ["home.test", "b.test"]]);
  }
});

test("the tunnel waits at most a minute for a busy server, then tries the fallback", async () => {
  const world = new World({ fallbacks: ["http://b.test"] });
  await world.settle();
  const asked: string[] = [];
  for (let time = 0; time < 6; time++) {
    asked.push(...hosts(world.alive));
    await world.fail("PN_LOGIN_BUSY", world.last, 15_000);
    world.now += 20_000;
    await world.retry();
  }
  expect(asked.slice(0, 5)).toEqual(["home.test", "home.test", "home.test", "home.test", "home.test"]);
  expect(hosts(world.attempts)).toContain("b.test");
});

test("a server that is listed twice is tried once", async () => {
  const world = new World({ fallbacks: ["http://home.test/", "http://b.test"] });
  await world.settle();
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(hosts(world.attempts)).toEqual(["home.test", "b.test"]);
});

test("a move that was aborted by a network change is repeated, and the old session serves meanwhile", async () => {
  const world = await threeSessions({ fallbacks: ["http://b.test"] });
  world.isUp = true;
  await world.checkPrimary(3);
  await world.connect();
  world.now += 5_000;
  await world.hostChange("network");
  expect(hosts(world.serving)).toEqual(["b.test", "b.test", "home.test"]);
  await world.connectAll();
  expect(hosts(world.serving)).toEqual(["home.test", "home.test", "home.test"]);
  expect(world.events.filter(({ type }) => type === "connection_failure")).toHaveLength(1);
});
