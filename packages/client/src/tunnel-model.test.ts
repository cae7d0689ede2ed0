import fc from "fast-check";
import { expect, test } from "vitest";
import { mayFollow } from "./session/connection-state.js";
import type { ConnectionState } from "./session/connection-state.js";
import { World, type Attempt } from "./tunnel-world.suite.js";

const CODES = ["PN_SESSION_LOST", "PN_SERVER_UNREACHABLE", "PN_HEARTBEAT_LOST", "PN_LOGIN_BUSY"] as const;

/** What can happen to a tunnel; `which` chooses the attempt. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant("succeed" as const), which: fc.nat(7) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("fail" as const), which: fc.nat(7), code: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("wait" as const), passes: fc.nat(100_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("look" as const),
      times: fc.integer({ min: 1, max: 3 }),
      isUp: fc.boolean(),
    }),
  },
  fc.record({ what: fc.constant("busy" as const), which: fc.nat(7), hint: fc.nat(100_000) }),
  fc.record({ what: fc.constant("notice" as const) }),
  fc.record({ what: fc.constant("go away" as const), which: fc.nat(7) }),
  fc.record({ what: fc.constant("finish" as const), which: fc.nat(7) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(world: World, each: Step): Promise<void> {
  const { alive } = world;
  const attempt = "which" in each ? alive[each.which % Math.max(alive.length, 1)] : undefined;
  switch (each.what) {
    case "succeed":
      attempt?.succeed();
      break;
    case "fail":
      attempt?.fail(CODES[each.code]!);
      break;
    case "busy":
      if (attempt?.state === "greeting") attempt.fail("PN_LOGIN_BUSY", each.hint);
      break;
    case "go away":
      if (attempt?.state === "bound") attempt.goAway(1_000);
      break;
    case "finish":
      attempt?.finish();
      break;
    case "notice":
      await world.notice("the network has changed");
      break;
    case "look":
      world.isUp = each.isUp;
      await world.look(each.times);
      break;
    case "wait":
      world.now += each.passes;
      await world.wait();
  }
  await world.settle();
}

test("whatever happens, a state is followed only by one that may follow it, says what is so, and in the end nothing is left over", async () => {
  const end = fc.constantFrom("close", "refuse", "take away");
  const shape = fc.record({
    connections: fc.integer({ min: 1, max: 3 }),
    fallbacks: fc.constantFrom<string[]>([], ["http://b.test"]),
    lasts: fc.boolean(),
  });
  const begin = fc.constantFrom("nowhere", "at home", "at the fallback");
  await fc.assert(
    fc.asyncProperty(
      shape,
      begin,
      fc.array(step, { maxLength: 40, size: "max" }),
      end,
      async (options, first, steps, last) => {
        const world = new World(options);
        const { tunnel } = world;
        await world.settle();
        if (first === "at the fallback" && options.fallbacks.length > 0) await world.fail("PN_SERVER_UNREACHABLE");
        if (first !== "nowhere") await world.connectAll();
        for (const each of steps) {
          await take(world, each);
          const { serving } = world;
          expect(serving.length).toBeLessThanOrEqual(options.connections);
          expect([tunnel.state === "connected", each]).toEqual([serving.length > 0, each]);
          if (serving.length > 0) expect(tunnel.url).toBe(`http://name.${hostOf(serving)}`);
        }
        if (last === "close") {
          const closed = tunnel.close();
          await world.settle();
          expect(world.serving).toEqual([]);
          for (const attempt of world.alive) if (attempt.state !== "bound") attempt.succeed();
          await world.settle();
          expect(world.alive.filter(({ state }) => state !== "bound")).toEqual([]);
          for (const attempt of world.attempts) attempt.finish();
          await closed;
        } else {
          // Somebody may be waiting for a retry, and nobody be there to be refused. What counts is what the first server says.
          for (let n = 0; n < 30 && tunnel.state !== "failed" && tunnel.state !== "draining"; n++) {
            const refusable = world.alive.find(({ left, drained }) => !left && !drained);
            if (refusable === undefined) await world.wait();
            else if (last === "take away" && refusable.state === "bound") refusable.takeAway("PN_NAME_TAKEN_OVER");
            else await world.fail("PN_AUTH_REFUSED", refusable);
            await world.settle();
          }
          for (const attempt of world.attempts) attempt.finish();
          for (const attempt of world.alive.filter(({ left }) => left)) attempt.fail("PN_NAME_TAKEN_OVER");
        }
        await world.settle();
        const { states } = world;
        for (const [n, state] of states.slice(1).entries())
          expect(mayFollow(states[n]!, state), `${states[n]} → ${state}`).toBe(true);
        expect(["disconnected", "failed"]).toContain(tunnel.state);
        expect([world.alive.length, world.timers.length]).toEqual([0, 0]);
      },
    ),
    { numRuns: 500 },
  );
});

/** Where the tunnel is whose sessions are these: at the first server if one is there, the others are on their way. */
function hostOf(attempts: Attempt[]): string | undefined {
  const hosts = attempts.map(({ options }) => options.address.host);
  return hosts.find((host) => host === "home.test") ?? hosts[0];
}

test("a drop is followed by a retry after a pause, and the name that was given is asked for again", async () => {
  const world = new World();
  await world.settle();
  await world.connect();
  await world.fail("PN_SESSION_LOST");
  expect(await world.wait()).toBe(500);
  await world.connect();
  expect(world.states).toEqual([
    "disconnected",
    "connecting",
    "authenticating",
    "connected",
    "reconnecting",
    "connecting",
    "authenticating",
    "connected",
  ]);
  expect(world.tunnel.name).toBe("name");
});

test("a server that takes the login and hangs up is not hammered; one that has been good for a while is tried soon", async () => {
  const world = new World();
  const pauses: number[] = [];
  await world.settle();
  for (let n = 0; n < 5; n++) {
    await world.connect();
    await world.fail("PN_SESSION_LOST");
    pauses.push(await world.wait());
  }
  expect(pauses).toEqual([500, 1_500, 3_000, 6_000, 12_000]);
  await world.connect();
  world.now += 30_000;
  await world.fail("PN_SESSION_LOST");
  expect(await world.wait()).toBe(500);
});

test("attempts have an end where one is wished, and what no retry heals ends at once", async () => {
  const limited = new World({ maxAttempts: 2 });
  await limited.settle();
  for (let n = 0; n < 3; n++) {
    await limited.fail("PN_SERVER_UNREACHABLE");
    await limited.wait();
  }
  expect(limited.outcome).toMatchObject({ code: "PN_SERVER_UNREACHABLE" });
  expect(limited.attempts).toHaveLength(3);

  const refused = new World();
  await refused.settle();
  await refused.fail("PN_NAME_TAKEN");
  expect([refused.tunnel.state, refused.attempts.length]).toEqual(["failed", 1]);
});

test("who waits tries at once when the network is back, unless the server has named a time", async () => {
  const world = new World();
  await world.settle();
  for (let n = 0; n < 4; n++) {
    await world.fail("PN_SERVER_UNREACHABLE");
    expect(world.alive).toHaveLength(0);
    await world.notice("the network has changed");
    expect(world.alive).toHaveLength(1);
  }
  world.last.succeed();
  world.last.succeed();
  await world.settle();
  world.last.succeed();
  await world.settle();
  world.last.goAway(60_000);
  await world.settle();
  await world.notice("the network has changed");
  expect(world.timers.map(({ milliseconds }) => milliseconds)).toEqual([60_000]);
});

test("an attempt that does not get on begins anew when the network changes; one that has just begun goes on", async () => {
  const world = new World();
  await world.settle();
  const [first] = world.attempts as [Attempt];
  await world.notice("the network has changed");
  expect(world.alive).toEqual([first]);
  world.now += 2_000;
  await world.notice("the network has changed");
  expect([first.state, world.alive.length, world.attempts.length]).toEqual(["over", 1, 2]);
});

test("when the server takes the name away that is told at once, and what is in progress may end", async () => {
  const world = new World({ lasts: true });
  await world.settle();
  await world.connect();
  world.last.takeAway("PN_NAME_TAKEN_OVER");
  await world.settle();
  expect([world.tunnel.state, world.events.at(-1)?.type]).toEqual(["draining", "tunnel_closed"]);
  world.last.finish();
  await world.settle();
  expect([world.tunnel.state, world.outcome]).toMatchObject(["failed", { code: "PN_NAME_TAKEN_OVER" }]);
});

test("what ends a tunnel with several sessions cuts none of their requests", async () => {
  const world = new World({ connections: 2, lasts: true });
  await world.settle();
  await world.connectAll();
  const [one, two] = world.attempts as [Attempt, Attempt];
  one.lasts = false;
  one.takeAway("PN_NAME_TAKEN_OVER");
  two.takeAway("PN_NAME_TAKEN_OVER");
  await world.settle();
  expect([two.state, two.drained, world.tunnel.state]).toEqual(["bound", true, "draining"]);
  two.finish();
  await world.settle();
  expect([world.tunnel.state, world.alive]).toEqual(["failed", []]);
});

test("a tunnel is closed when its last session is, whatever the server says meanwhile", async () => {
  const world = new World({ lasts: true });
  await world.settle();
  await world.connect();
  void world.tunnel.close();
  await world.settle();
  world.last.goAway(0);
  await world.settle();
  expect([world.tunnel.state, world.outcome]).toEqual(["draining", "open"]);
  world.last.finish();
  await world.settle();
  expect([world.tunnel.state, world.outcome, world.alive]).toEqual(["disconnected", "closed", []]);
  expect(world.events.at(-1)?.type).toBe("tunnel_closed");
});

test("a server that asks for another session again and again is asked less and less often", async () => {
  const world = new World({ maxAttempts: 3 });
  const pauses: number[] = [];
  await world.settle();
  for (let time = 0; time < 3; time++) {
    await world.connect();
    world.last.goAway(0);
    await world.settle();
    expect(world.events.filter(({ type }) => type === "tunnel_closed")).toHaveLength(time + 1);
    await world.fail("PN_DRAINING", world.alive[0]);
    pauses.push(await world.wait());
  }
  expect(pauses).toEqual([500, 1_500, 3_000]);
});

test("a tunnel can be watched by iterating, until it is closed", async () => {
  const world = new World();
  const states = world.tunnel.states();
  await world.settle();
  await world.connect();
  await world.tunnel.close();
  const seen: ConnectionState[] = [];
  for await (const state of states) seen.push(state);
  expect(seen.at(-1)).toBe("disconnected");
  expect(seen).toContain("connected");
});
