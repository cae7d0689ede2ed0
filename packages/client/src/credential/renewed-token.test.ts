import { expect, test } from "vitest";
import { TunnelError, type Auth, type ErrorCode, type Refreshed } from "@postern/protocol";
import type { RefreshableSession } from "./credential.js";
import { ManualClock, settled } from "../manual-clock.suite.js";
import { RenewedToken } from "./renewed-token.js";
import { TokenSource } from "./token-source.js";

const LIFETIME = 600_000;

/** A RenewedToken with a scripted issuer and a manual clock. */
class Setup {
  readonly clock = new ManualClock();
  readonly reports: [state: string, message: string][] = [];
  /** The issuer fails with these first; then it returns tokens. */
  readonly failures: TunnelError[] = [];
  given = 0;
  released = 0;
  readonly source: TokenSource;
  readonly credential: RenewedToken;

  constructor(token?: string) {
    this.source = new TokenSource({ url: "", refreshToken: "r" }, token, this.clock, async () => {
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
      return { token: `t${++this.given}`, lifetime: LIFETIME, refreshToken: undefined };
    });
    this.credential = this.another();
  }

  /** Another tunnel with the same token source. */
  another(): RenewedToken {
    const shared = { source: this.source, release: async () => void this.released++ };
    return new RenewedToken(
      shared,
      { user: "alice" },
      (message, { state }) => void this.reports.push([state, message]),
      this.clock,
    );
  }

  get states(): string[] {
    return this.reports.map(([state]) => state);
  }
}

/** A session that records the tokens that it gets, and responds as scripted. */
class ScriptedSession implements RefreshableSession {
  readonly shown: Auth[] = [];
  /** The server fails with these first; then it accepts. */
  readonly failures: TunnelError[] = [];
  readonly lifetime: number | undefined;
  gate: Promise<void> = Promise.resolve();

  constructor(lifetime?: number) {
    this.lifetime = lifetime;
  }

  async refresh(auth: Auth): Promise<Refreshed> {
    this.shown.push(auth);
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const ends = this.lifetime === undefined ? {} : { expires_in_ms: this.lifetime };
    return { type: "refreshed", refresh: 1, ...ends };
  }

  get tokens(): (string | undefined)[] {
    return this.shown.map(({ token }) => token);
  }
}

const refused = (code: ErrorCode): TunnelError => new TunnelError(code);

test("logs in with the source's token and the configured user", async () => {
  expect(await new Setup("first").credential.auth()).toEqual({ method: "token", token: "first", user: "alice" });
  expect(await new Setup().credential.auth()).toMatchObject({ token: "t1" });
});

test("a new token is sent to the open session, and none to a closed one", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  const session = new ScriptedSession();
  const end = setup.credential.follow(session, LIFETIME);
  await settled();
  expect(session.shown).toEqual([]);
  await setup.clock.pass(0.6 * LIFETIME);
  expect(session.shown).toEqual([{ method: "token", token: "t2" }]);
  expect(setup.states).toEqual(["renewed"]);
  end();
  expect(setup.clock.waiting).toBe(0);
  await setup.clock.pass(LIFETIME);
  expect(session.shown).toHaveLength(1);
});

test("the next renewal is scheduled by the lifetime that the server reports", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  setup.credential.follow(new ScriptedSession(50_000), 100_000);
  expect(setup.clock.next).toBe(60_000);
  await setup.clock.pass(60_000);
  expect(setup.clock.next).toBe(30_000);
});

test("an announcement that the token expires triggers a renewal at once", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  const session = new ScriptedSession();
  setup.credential.follow(session, LIFETIME);
  setup.credential.expiring();
  await settled();
  expect(session.tokens).toEqual(["t2"]);
});

test.for(["PN_AUTH_REFUSED", "PN_AUTH_EXPIRED"] as const)(
  "after %s another token is tried, once until a session has opened",
  async (code) => {
    const setup = new Setup("first");
    expect(setup.credential.another(refused(code))).toBe(false);
    await setup.credential.auth();
    expect(setup.credential.another(refused(code))).toBe(true);
    expect(await setup.credential.auth()).toMatchObject({ token: "t1" });
    expect(setup.credential.another(refused(code))).toBe(false);
    setup.credential.follow(new ScriptedSession(), LIFETIME)();
    expect(setup.credential.another(refused(code))).toBe(true);
    expect(await setup.credential.auth()).toMatchObject({ token: "t2" });
    expect(setup.credential.another(refused(code))).toBe(false);
  },
);

test.for(["PN_SESSION_LOST", "PN_NAME_TAKEN", "PN_AUTH_UNAVAILABLE", "PN_REFRESH_REFUSED"] as const)(
  "%s does not replace the token",
  async (code) => {
    const setup = new Setup("first");
    await setup.credential.auth();
    expect(setup.credential.another(refused(code))).toBe(false);
    expect(await setup.credential.auth()).toMatchObject({ token: "first" });
  },
);

test("tokens are sent one at a time, and the latest one last", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  const session = new ScriptedSession();
  const gate = Promise.withResolvers<void>();
  session.gate = gate.promise;
  setup.credential.follow(session, LIFETIME);
  for (const _ of [1, 2, 3]) await setup.source.renew();
  await settled();
  expect(session.tokens).toEqual(["t2"]);
  gate.resolve();
  await settled();
  expect(session.tokens).toEqual(["t2", "t4"]);
});

test("a token that the server could not verify is sent again; one that it refused is not", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  const session = new ScriptedSession();
  session.failures.push(refused("PN_AUTH_UNAVAILABLE"), refused("PN_AUTH_UNAVAILABLE"));
  setup.credential.follow(session, LIFETIME);
  await setup.source.renew();
  await settled();
  await setup.clock.pass(2_000);
  expect(session.tokens).toEqual(["t2", "t2", "t2"]);
  expect(setup.states).toEqual(["failed", "failed", "renewed"]);

  session.failures.push(refused("PN_AUTH_REFUSED"));
  await setup.source.renew();
  await settled();
  await setup.clock.pass(10_000);
  expect(session.tokens.slice(3)).toEqual(["t3"]);
  // The refusal is reported, and the next token is sent.
  await setup.source.renew();
  await settled();
  expect(session.tokens.slice(4)).toEqual(["t4"]);
});

test("a session that closes during a refresh gets no tokens and reports nothing", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  const session = new ScriptedSession();
  const gate = Promise.withResolvers<void>();
  session.gate = gate.promise;
  session.failures.push(refused("PN_SESSION_LOST"));
  const end = setup.credential.follow(session, LIFETIME);
  await setup.source.renew();
  end();
  gate.resolve();
  await settled();
  await setup.clock.pass(10_000);
  expect([session.tokens, setup.reports]).toEqual([["t2"], []]);
  // The next session logs in with the new token, which is not sent again.
  expect(await setup.credential.auth()).toMatchObject({ token: "t2" });
  const next = new ScriptedSession();
  setup.credential.follow(next, LIFETIME);
  await settled();
  expect(next.shown).toEqual([]);
});

test("a token that was renewed during the login is sent to the session", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  await setup.source.renew();
  const session = new ScriptedSession();
  setup.credential.follow(session, LIFETIME);
  await settled();
  expect(session.tokens).toEqual(["t2"]);
});

test("a failed renewal is reported with the time of the next attempt", async () => {
  const setup = new Setup();
  await setup.credential.auth();
  setup.credential.follow(new ScriptedSession(), LIFETIME);
  setup.failures.push(new TunnelError("PN_REFRESH_FAILED", "HTTP 503"));
  await setup.clock.pass(0.6 * LIFETIME);
  expect(setup.reports).toEqual([["failed", expect.stringContaining("HTTP 503")]]);
});

test("tunnels that share a source renew once, and each sends the token to its server", async () => {
  const setup = new Setup();
  const other = setup.another();
  await Promise.all([setup.credential.auth(), other.auth()]);
  expect(setup.given).toBe(1);
  const [one, two] = [new ScriptedSession(), new ScriptedSession()];
  const end = setup.credential.follow(one, LIFETIME);
  other.follow(two, LIFETIME);
  await setup.clock.pass(0.6 * LIFETIME);
  expect([setup.given, one.tokens, two.tokens]).toEqual([2, ["t2"], ["t2"]]);
  // The end of one tunnel does not stop the renewal for the other.
  end();
  await setup.credential.release();
  await setup.clock.pass(0.6 * LIFETIME);
  expect([setup.released, one.tokens, two.tokens]).toEqual([1, ["t2"], ["t2", "t3"]]);
});
