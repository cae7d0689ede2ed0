import fc from "fast-check";
import { expect, test } from "vitest";
import { mayFollow } from "./connection-state.js";
import type { ConnectionState } from "./options.js";
import { World } from "./tunnel-world.suite.js";

const CODES = ["PN_SESSION_LOST", "PN_SERVER_UNREACHABLE", "PN_HEARTBEAT_LOST", "PN_LOGIN_BUSY"] as const;

test("whatever happens, a state is followed only by one that may follow it, and in the end nothing is left over", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant("succeed" as const), which: fc.nat(7) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant("fail" as const), which: fc.nat(7), code: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant("wait" as const), passes: fc.nat(100_000) }) },
    fc.record({ what: fc.constant("notice" as const) }),
    fc.record({ what: fc.constant("go away" as const), which: fc.nat(7) }),
  );
  const end = fc.constantFrom("close", "refuse");
  const shape = fc.record({
    connections: fc.integer({ min: 1, max: 3 }),
    fallbacks: fc.constantFrom<string[]>([], ["http://b.test"]),
  });
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { maxLength: 40 }), end, async (options, steps, last) => {
      const world = new World(options);
      await world.settle();
      for (const each of steps) {
        const { alive } = world;
        const attempt = "which" in each ? alive[each.which % Math.max(alive.length, 1)] : undefined;
        if (each.what === "succeed") attempt?.succeed();
        else if (each.what === "fail") attempt?.fail(CODES[each.code]!);
        else if (each.what === "go away" && attempt?.state === "bound") attempt.goAway(1_000);
        else if (each.what === "notice") await world.notice("the network has changed");
        else if (each.what === "wait") {
          world.now += each.passes;
          await world.wait();
        }
        await world.settle();
      }
      if (last === "close") await Promise.race([world.tunnel.close(), world.settle().then(() => world.settle())]);
      else {
        // Somebody may be waiting for a retry, and nobody be there to be refused. What counts is what the first server says.
        for (let n = 0; n < 20 && world.tunnel.state !== "failed"; n++) {
          const refusable = world.alive.find(({ left }) => !left);
          if (refusable === undefined) await world.wait();
          else await world.fail("PN_AUTH_REFUSED", refusable);
        }
      }
      await world.settle();
      const { states, tunnel } = world;
      for (const [n, state] of states.slice(1).entries())
        expect(mayFollow(states[n]!, state), `${states[n]} → ${state}`).toBe(true);
      expect(["disconnected", "failed"]).toContain(tunnel.state);
      expect([world.alive.length, world.timers.length]).toEqual([0, 0]);
    }),
    { numRuns: 300 },
  );
});

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
  expect(world.timers.map(({ milliseconds }) => milliseconds)).toEqual([60_500]);
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
