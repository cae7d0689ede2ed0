import fc from "fast-check";
import { expect, test } from "vitest";
import { mayFollow, type ConnectionState } from "./session/connection-state.js";
import { World, type Attempt } from "./tunnel-world.suite.js";

const CODES = ["PN_SESSION_LOST", "PN_SERVER_UNREACHABLE", "PN_HEARTBEAT_LOST", "PN_LOGIN_BUSY"] as const;

/** The steps of the model. `which` selects the attempt. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant("succeed" as const), which: fc.nat(7) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("fail" as const), which: fc.nat(7), code: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("wait" as const), passes: fc.nat(100_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("check primary" as const),
      times: fc.integer({ min: 1, max: 3 }),
      isUp: fc.boolean(),
    }),
  },
  fc.record({ what: fc.constant("busy" as const), which: fc.nat(7), hint: fc.nat(100_000) }),
  fc.record({ what: fc.constant("network" as const) }),
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
    case "network":
      await world.hostChange("network");
      break;
    case "check primary":
      world.isUp = each.isUp;
      await world.checkPrimary(each.times);
      break;
    case "wait":
      world.now += each.passes;
      await world.wait();
  }
  await world.settle();
}

test("every sequence of steps makes only allowed transitions, reports the actual state, and leaves no session or timer", async () => {
  const end = fc.constantFrom("close", "refuse", "unbind");
  const shape = fc.record({
    connections: fc.integer({ min: 1, max: 3 }),
    fallbacks: fc.constantFrom<string[]>([], ["http://b.test"]),
    lasts: fc.boolean(),
  });
  const begin = fc.constantFrom("before the first session", "at the primary", "at the fallback");
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
        if (first !== "before the first session") await world.connectAll();
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
          // While all supervisors wait for a retry, there is no attempt to refuse. Only the primary server's refusal is
          // final.
          for (let n = 0; n < 30 && tunnel.state !== "failed" && tunnel.state !== "draining"; n++) {
            const refusable = world.alive.find(({ withdrawn, drained }) => !withdrawn && !drained);
            if (refusable === undefined) await world.wait();
            else if (last === "unbind" && refusable.state === "bound") refusable.unbind("PN_NAME_TAKEN_OVER");
            else await world.fail("PN_AUTH_REFUSED", refusable);
            await world.settle();
          }
          for (const attempt of world.attempts) attempt.finish();
          for (const attempt of world.alive.filter(({ withdrawn }) => withdrawn)) attempt.fail("PN_NAME_TAKEN_OVER");
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

/** The host of a tunnel with these sessions: the primary if one session is there, because the others follow. */
function hostOf(attempts: Attempt[]): string | undefined {
  const hosts = attempts.map(({ options }) => options.address.host);
  return hosts.find((host) => host === "home.test") ?? hosts[0];
}

test("after a drop the client reconnects after a pause, and requests the same name", async () => {
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

test("pauses grow while sessions are lost soon after the login, and restart after one that lasted five seconds", async () => {
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
  world.now += 5_000;
  await world.fail("PN_SESSION_LOST");
  expect(await world.wait()).toBe(500);
});

test("a tunnel whose link breaks every 12 seconds is back within a second each time", async () => {
  const world = new World({ maxAttempts: 3 });
  await world.settle();
  for (let n = 0; n < 10; n++) {
    await world.connect();
    world.now += 12_000;
    await world.fail(n % 2 === 0 ? "PN_SESSION_LOST" : "PN_HEARTBEAT_LOST");
    expect(await world.wait()).toBe(500);
  }
  expect(world.outcome).toBe("open");
});

test("pauses grow while the server ends every session after 12 seconds, until one lasts 30 seconds", async () => {
  const world = new World();
  const pauses: number[] = [];
  await world.settle();
  for (const seconds of [12, 12, 12, 30]) {
    await world.connect();
    world.now += seconds * 1_000;
    world.last.goAway(0);
    await world.settle();
    await world.fail("PN_DRAINING", world.alive[0]);
    pauses.push(await world.wait());
  }
  expect(pauses).toEqual([500, 1_500, 3_000, 500]);
});

test("after a long outage a refused client returns at the time that the server gives it", async () => {
  const world = new World();
  await world.settle();
  await world.connect();
  await world.fail("PN_SESSION_LOST");
  for (let n = 0; n < 8; n++) {
    await world.wait();
    await world.fail("PN_SERVER_UNREACHABLE");
  }
  expect(await world.wait()).toBe(15_000);
  await world.fail("PN_LOGIN_BUSY", world.last, 700);
  expect(await world.wait()).toBe(1_200);
});

test("an attempt that waited for a silent network is repeated soon after it has timed out", async () => {
  const world = new World();
  await world.settle();
  for (let n = 0; n < 8; n++) {
    await world.fail("PN_SERVER_UNREACHABLE");
    await world.wait();
  }
  world.now += 30_000;
  await world.fail("PN_SERVER_UNREACHABLE");
  expect(await world.wait()).toBe(500);
});

test("retries stop at maxAttempts, and a final error fails the tunnel at once", async () => {
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

test("a network change ends a pause, unless the server has requested a delay", async () => {
  const world = new World();
  await world.settle();
  for (let n = 0; n < 4; n++) {
    await world.fail("PN_SERVER_UNREACHABLE");
    expect(world.alive).toHaveLength(0);
    await world.hostChange("network");
    expect(world.alive).toHaveLength(1);
  }
  world.last.succeed();
  world.last.succeed();
  await world.settle();
  world.last.succeed();
  await world.settle();
  world.last.goAway(60_000);
  await world.settle();
  await world.hostChange("network");
  expect(world.timers.map(({ milliseconds }) => milliseconds)).toEqual([60_000]);
});

test("a network change restarts an old attempt, and not one that has just begun", async () => {
  const world = new World();
  await world.settle();
  const [first] = world.attempts as [Attempt];
  await world.hostChange("network");
  expect(world.alive).toEqual([first]);
  world.now += 2_000;
  await world.hostChange("network");
  expect([first.state, world.alive.length, world.attempts.length]).toEqual(["over", 1, 2]);
});

test("when the server withdraws the name, that is reported at once, and open streams may finish", async () => {
  const world = new World({ lasts: true });
  await world.settle();
  await world.connect();
  world.last.unbind("PN_NAME_TAKEN_OVER");
  await world.settle();
  expect([world.tunnel.state, world.events.at(-1)?.type]).toEqual(["draining", "tunnel_closed"]);
  world.last.finish();
  await world.settle();
  expect([world.tunnel.state, world.outcome]).toMatchObject(["failed", { code: "PN_NAME_TAKEN_OVER" }]);
});

test("when a tunnel with several sessions ends, open requests of all of them may finish", async () => {
  const world = new World({ connections: 2, lasts: true });
  await world.settle();
  await world.connectAll();
  const [one, two] = world.attempts as [Attempt, Attempt];
  one.lasts = false;
  one.unbind("PN_NAME_TAKEN_OVER");
  two.unbind("PN_NAME_TAKEN_OVER");
  await world.settle();
  expect([two.state, two.drained, world.tunnel.state]).toEqual(["bound", true, "draining"]);
  two.finish();
  await world.settle();
  expect([world.tunnel.state, world.alive]).toEqual(["failed", []]);
});

test("a tunnel that is closing ends with its last session, also if the server asks for a new one", async () => {
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

test("pauses grow when the server repeatedly asks for a new session", async () => {
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

test("states can be iterated until the tunnel is closed", async () => {
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
