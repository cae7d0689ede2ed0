import { TunnelError, type Bound, type ErrorCode } from "@postern/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mayFollow } from "./connection-state.js";
import type { LoginOptions } from "./login.js";
import type { KeptSession, Means } from "./means.js";
import type { ConnectionState, TunnelEvent } from "./options.js";
import type { Change } from "./surroundings.js";
import { Tunnel } from "./tunnel.js";
import type { TunnelSessionEvents } from "./tunnel-session.js";

/** One attempt to log in, which ends as the test says. */
class Attempt {
  readonly options: LoginOptions;
  readonly events: TunnelSessionEvents;
  state: "dialling" | "greeting" | "binding" | "bound" | "over" = "dialling";
  #connected = Promise.withResolvers<{ session: KeptSession; lifetime: undefined }>();
  #bound = Promise.withResolvers<Bound>();
  drained = false;
  /** The server has asked for another session instead. */
  left = false;

  constructor(options: LoginOptions, events: TunnelSessionEvents) {
    this.options = options;
    this.events = events;
    this.#bound.promise.catch(() => {});
    options.signal.addEventListener("abort", () => this.fail("PN_CLOSED"));
  }

  get promise(): Promise<{ session: KeptSession; lifetime: undefined }> {
    return this.#connected.promise;
  }

  /** The next good thing that can happen to it. */
  succeed(): void {
    if (this.state === "dialling") {
      this.state = "greeting";
      this.options.onConnected();
    } else if (this.state === "greeting") {
      this.state = "binding";
      this.#connected.resolve({ session: this.#session(), lifetime: undefined });
    } else if (this.state === "binding") {
      this.state = "bound";
      const public_url = `http://name.${this.options.address.host}`;
      this.#bound.resolve({ type: "bound", bind: 1, tunnel: 1, tunnel_id: "t", name: "name", public_url });
    }
  }

  goAway(hint: number): void {
    this.left = true;
    this.events.onGoAway(hint);
  }

  fail(code: ErrorCode): void {
    const error = new TunnelError(code);
    const { state } = this;
    if (state === "over") return;
    this.state = "over";
    this.#connected.reject(error);
    this.#bound.reject(error);
    if (state === "binding" || state === "bound") this.events.onClose(error);
  }

  #session(): KeptSession {
    return {
      bind: () => this.#bound.promise,
      close: () => this.fail("PN_CLOSED"),
      dataPlane: "unknown",
      drain: async () => {
        this.drained = true;
        this.fail("PN_CLOSED");
      },
      prove() {},
      refresh: () => Promise.reject(new TunnelError("PN_INTERNAL")),
      watchDataPlane() {},
    };
  }
}

/** A tunnel in a world where only happens what the test lets happen. */
class World {
  readonly attempts: Attempt[] = [];
  readonly states: ConnectionState[] = ["disconnected"];
  readonly events: TunnelEvent[] = [];
  readonly tunnel: Tunnel;
  outcome: "open" | "closed" | TunnelError | undefined;
  timers: { task: () => void; milliseconds: number }[] = [];
  now = 0;
  #notice: ((change: Change) => void) | undefined;

  constructor({ connections = 1, fallbacks = [] as string[], maxAttempts = 0 } = {}) {
    const means: Means = {
      connect: (options, _, events) => {
        const attempt = new Attempt(options, events);
        this.attempts.push(attempt);
        return attempt.promise;
      },
      clock: {
        now: () => this.now,
        random: () => 0.5,
        after: (milliseconds, task) => {
          const timer = { task, milliseconds };
          this.timers.push(timer);
          return () => (this.timers = this.timers.filter((each) => each !== timer));
        },
      },
      uptime: () => this.now,
      surroundings: {
        listen: (listener) => {
          this.#notice = listener;
          return () => (this.#notice = undefined);
        },
      },
    };
    const reconnection = { maxAttempts };
    const options = { server: "http://home.test", local: 80, apiKey: "a-key", connections, fallbacks, reconnection };
    this.tunnel = new Tunnel({ ...options, onEvent: (event) => this.events.push(event) }, means);
    this.tunnel.on("state", (state) => this.states.push(state));
    this.tunnel.open().then(
      () => (this.outcome = "open"),
      (error: TunnelError) => (this.outcome = error),
    );
    this.tunnel.on("closed", (error) => (this.outcome = (error as TunnelError | undefined) ?? "closed"));
  }

  get alive(): Attempt[] {
    return this.attempts.filter(({ state }) => state !== "over");
  }

  /** The latest attempt that is not over. */
  get last(): Attempt {
    return this.alive.at(-1) as Attempt;
  }

  get over(): boolean {
    return this.outcome === "closed" || (this.outcome instanceof TunnelError && this.alive.length === 0);
  }

  async settle(): Promise<void> {
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The pause before a retry is over. */
  async wait(): Promise<number> {
    const timer = this.timers.shift();
    timer?.task();
    await this.settle();
    return timer?.milliseconds ?? -1;
  }

  /** Lets the last attempt come through. */
  async connect(attempt = this.last): Promise<void> {
    for (let n = 0; n < 3; n++) {
      attempt.succeed();
      await this.settle();
    }
  }

  async fail(code: ErrorCode, attempt = this.last): Promise<void> {
    attempt.fail(code);
    await this.settle();
  }

  async notice(change: Change): Promise<void> {
    this.#notice?.(change);
    await this.settle();
  }
}

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
        // Somebody may be waiting for a retry, and nobody be there to be refused.
        const refusable = (): Attempt | undefined => world.alive.find(({ left }) => !left);
        for (let n = 0; n < 10 && refusable() === undefined; n++) await world.wait();
        await world.fail("PN_AUTH_REFUSED", refusable()!);
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

test("a server that takes fewer sessions than are wished has those that it takes", async () => {
  const world = new World({ connections: 2 });
  await world.settle();
  await world.connect();
  world.last.succeed();
  world.last.succeed();
  await world.settle();
  await world.fail("PN_TUNNEL_LIMIT");
  expect([world.tunnel.state, world.outcome, world.alive.length]).toEqual(["connected", "open", 1]);
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
