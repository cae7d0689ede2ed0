import type { ErrorCode } from "@postern/protocol";
import { expect, test } from "vitest";
import { Tunnel } from "./tunnel.js";
import { World, type Attempt } from "./tunnel-world.suite.js";

test("servers are tried in order, without a pause until all have been tried", async () => {
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

test("several sessions serve a tunnel: it stands as long as one does", async () => {
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

/** The last attempt is let in, and then not given the name. */
async function refuseName(world: World, code: ErrorCode): Promise<void> {
  world.last.succeed();
  world.last.succeed();
  await world.settle();
  await world.fail(code);
}

test("a server that takes fewer sessions than are wished has those that it takes", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connect();
  await refuseName(world, "PN_TUNNEL_LIMIT");
  expect([world.tunnel.state, world.outcome, world.alive.length]).toEqual(["connected", "open", 1]);
});

const hosts = (attempts: Attempt[]): string[] => attempts.map(({ options }) => options.address.host);

/** A tunnel with three sessions that stand; at the fallback where the first server is away. */
async function threefold(
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

test("while no session stands one looks for a server, and all follow where it finds one", async () => {
  const world = await threefold({ fallbacks: ["http://b.test"] });
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

test("a tunnel that stands does not count the attempts of one session more", async () => {
  const world = await threefold({ maxAttempts: 1 });
  await world.fail("PN_SESSION_LOST", world.last);
  for (let time = 0; time < 5; time++) {
    await world.retry();
    await world.fail("PN_SERVER_UNREACHABLE");
  }
  expect([world.tunnel.state, world.alive.length]).toEqual(["connected", 2]);
  await loseAll(world);
  // Who looks for a server for all may have lost its own before the others did.
  for (let time = 0; time < 2 && world.tunnel.state !== "failed"; time++) {
    await world.retry();
    await world.fail("PN_SERVER_UNREACHABLE");
  }
  expect(world.outcome).toMatchObject({ code: "PN_SERVER_UNREACHABLE" });
});

test("a fallback that refuses is left out until the first server has been back; what the first says is final", async () => {
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

test("when the first server is back all sessions go there, each new one before the old one ends", async () => {
  const world = await threefold({ fallbacks: ["http://b.test"] });
  const former = world.alive;
  await world.look(3);
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test"]);
  world.isUp = true;
  await world.look(3);
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test", "home.test"]);
  await world.connect();
  expect([world.tunnel.url, world.tunnel.state]).toEqual(["http://name.home.test", "connected"]);
  await world.connectAll();
  expect(hosts(world.alive)).toEqual(["home.test", "home.test", "home.test"]);
  expect(former.every(({ drained }) => drained)).toBe(true);
  expect(world.states.slice(world.states.lastIndexOf("connected") + 1)).toEqual([]);
  expect(world.timers).toEqual([]);
});

test("a first server that seems to be back and is not is looked at again; who cannot follow comes later", async () => {
  const world = await threefold({ fallbacks: ["http://b.test"] });
  world.isUp = true;
  await world.look(3);
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(hosts(world.alive)).toEqual(["b.test", "b.test", "b.test"]);
  await world.look(3);
  await world.connect();
  await world.fail("PN_LOGIN_BUSY");
  expect(hosts(world.serving)).toEqual(["b.test", "home.test"]);
  await world.connectAll();
  expect(hosts(world.alive)).toEqual(["home.test", "home.test", "home.test"]);
});

test("without reconnection a session lasts to its end, and the tunnel to that of the last", async () => {
  const world = await threefold({ enabled: false });
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

test.for([0, 1.5, 17, Number.NaN])("%d sessions cannot be asked for", (connections) => {
  expect(() => new Tunnel({ server: "http://home.test", local: 80, apiKey: "a-key", connections })).toThrow(
    "connections is a whole number from 1 to 16",
  );
});

test("a session that breaks while it moves home is not replaced twice", async () => {
  for (const end of ["lost", "asked to go"]) {
    const world = new World({ fallbacks: ["http://b.test"] });
    await world.settle();
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.connect();
    const old = world.last;
    world.isUp = true;
    await world.look(3);
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

test("a session that comes late to the server that the tunnel has left is not wanted", async () => {
  const world = await threefold({ fallbacks: ["http://b.test"] });
  await world.fail("PN_SESSION_LOST", world.last);
  await world.retry();
  const late = world.last;
  world.isUp = true;
  await world.look(3);
  await world.connect();
  await world.connect(late);
  expect([late.state, world.tunnel.url]).toEqual(["over", "http://name.home.test"]);
});

test("the tunnel is where its sessions are, also when the first that went home is lost there", async () => {
  const world = await threefold({ fallbacks: ["http://b.test"] });
  world.isUp = true;
  await world.look(3);
  await world.connect();
  expect(world.tunnel.url).toBe("http://name.home.test");
  await world.fail(
    "PN_SESSION_LOST",
    world.serving.find(({ options }) => options.address.host === "home.test"),
  );
  expect([world.tunnel.url, world.tunnel.state]).toEqual(["http://name.b.test", "connected"]);
});

test("who has often failed beside a tunnel that stands does not keep it waiting when it is down", async () => {
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

test("a server that is busy and says for how long is waited for, and not passed over; if that is very long it is", async () => {
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

test("a server that asks for another session is left for a fallback at once", async () => {
  const world = new World({ fallbacks: ["http://b.test"] });
  await world.settle();
  await world.connect();
  world.last.goAway(5_000);
  await world.settle();
  expect(hosts(world.alive)).toEqual(["home.test", "b.test"]);
});

test("a server with no room for a session more is asked again when the tunnel was away", async () => {
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

test("what a session more fails by is not what the tunnel fails by", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connect();
  await world.fail("PN_SERVER_UNTRUSTED");
  expect([world.tunnel.state, world.timers.length]).toEqual(["connected", 1]);
});

test("when a tunnel goes home, those that rested or waited come along", async () => {
  for (const code of ["PN_TUNNEL_LIMIT", "PN_AUTH_REFUSED"] as const) {
    const world = new World({ connections: 2, fallbacks: ["http://b.test"] });
    await world.settle();
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.connect();
    await refuseName(world, code);
    world.isUp = true;
    await world.look(3);
    await world.connectAll();
    expect(hosts(world.serving)).toEqual(["home.test", "home.test"]);
  }
});

test("without reconnection nothing is looked for when a session has ended, wherever it was", async () => {
  for (const code of ["PN_SESSION_LOST", "PN_AUTH_EXPIRED"] as const) {
    const world = new World({ fallbacks: ["http://b.test", "http://c.test"], enabled: false });
    await world.settle();
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.connect();
    await world.fail(code);
    expect([world.tunnel.state, hosts(world.attempts)]).toEqual(["failed", ["home.test", "b.test"]]);
  }
});

test("a server that is busy again and again is not waited for without end: then others are asked", async () => {
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

test("a server that is named twice is one", async () => {
  const world = new World({ fallbacks: ["http://home.test/", "http://b.test"] });
  await world.settle();
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(hosts(world.attempts)).toEqual(["home.test", "b.test"]);
});

test("a session called off on its way to where the tunnel is sets out again, and serves meanwhile", async () => {
  const world = await threefold({ fallbacks: ["http://b.test"] });
  world.isUp = true;
  await world.look(3);
  await world.connect();
  world.now += 5_000;
  await world.notice("the network has changed");
  expect(hosts(world.serving)).toEqual(["b.test", "b.test", "home.test"]);
  await world.connectAll();
  expect(hosts(world.serving)).toEqual(["home.test", "home.test", "home.test"]);
  expect(world.events.filter(({ type }) => type === "connection_failure")).toHaveLength(1);
});
