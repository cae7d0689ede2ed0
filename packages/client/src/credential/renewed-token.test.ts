import { expect, test } from "vitest";
import { TunnelError, type Auth, type ErrorCode, type Refreshed } from "@postern/protocol";
import type { RefreshableSession } from "./credential.js";
import { ManualClock, settled } from "../manual-clock.suite.js";
import { RenewedToken } from "./renewed-token.js";
import { TokenSource } from "./token-source.js";

const LIFETIME = 600_000;

/** A token that is renewed, all around it played: the issuer, the clock, and the sessions that it logs in to. */
class Played {
  readonly clock = new ManualClock();
  readonly reports: [state: string, message: string][] = [];
  /** What the issuer's next answers are; then tokens. */
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

  /** One more tunnel with the same source. */
  another(): RenewedToken {
    const shared = { source: this.source, release: () => void this.released++ };
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

/** A server's side of a session: remembers what it is shown, and answers as it is told. */
class PlayedSession implements RefreshableSession {
  readonly shown: Auth[] = [];
  /** What the next answers are; then it takes what it is shown. */
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

test("it logs in with what the source has, and who the user says it is", async () => {
  expect(await new Played("first").credential.auth()).toEqual({ method: "token", token: "first", user: "alice" });
  expect(await new Played().credential.auth()).toMatchObject({ token: "t1" });
});

test("a new token goes to the session that lives; the old one is told no more", async () => {
  const played = new Played();
  await played.credential.auth();
  const session = new PlayedSession();
  const end = played.credential.follow(session, LIFETIME);
  await settled();
  expect(session.shown).toEqual([]);
  await played.clock.pass(0.6 * LIFETIME);
  expect(session.shown).toEqual([{ method: "token", token: "t2" }]);
  expect(played.states).toEqual(["renewed"]);
  end();
  expect(played.clock.waiting).toBe(0);
  await played.clock.pass(LIFETIME);
  expect(session.shown).toHaveLength(1);
});

test("the server's word on how long a token counts is what the next one is planned by", async () => {
  const played = new Played();
  await played.credential.auth();
  played.credential.follow(new PlayedSession(50_000), 100_000);
  expect(played.clock.next).toBe(60_000);
  await played.clock.pass(60_000);
  expect(played.clock.next).toBe(30_000);
});

test("the word that it ends makes a new one come at once", async () => {
  const played = new Played();
  await played.credential.auth();
  const session = new PlayedSession();
  played.credential.follow(session, LIFETIME);
  played.credential.expiring();
  await settled();
  expect(session.tokens).toEqual(["t2"]);
});

test.for(["PN_AUTH_REFUSED", "PN_AUTH_EXPIRED"] as const)(
  "after %s there is another one, once; after a session there may be one more",
  async (code) => {
    const played = new Played("first");
    expect(played.credential.another(refused(code))).toBe(false);
    await played.credential.auth();
    expect(played.credential.another(refused(code))).toBe(true);
    expect(await played.credential.auth()).toMatchObject({ token: "t1" });
    expect(played.credential.another(refused(code))).toBe(false);
    played.credential.follow(new PlayedSession(), LIFETIME)();
    expect(played.credential.another(refused(code))).toBe(true);
    expect(await played.credential.auth()).toMatchObject({ token: "t2" });
    expect(played.credential.another(refused(code))).toBe(false);
  },
);

test.for(["PN_SESSION_LOST", "PN_NAME_TAKEN", "PN_AUTH_UNAVAILABLE", "PN_REFRESH_REFUSED"] as const)(
  "%s is not about the token: it stays",
  async (code) => {
    const played = new Played("first");
    await played.credential.auth();
    expect(played.credential.another(refused(code))).toBe(false);
    expect(await played.credential.auth()).toMatchObject({ token: "first" });
  },
);

test("one token is shown at a time, and the last that came is the last that is shown", async () => {
  const played = new Played();
  await played.credential.auth();
  const session = new PlayedSession();
  const gate = Promise.withResolvers<void>();
  session.gate = gate.promise;
  played.credential.follow(session, LIFETIME);
  for (const _ of [1, 2, 3]) await played.source.renew();
  await settled();
  expect(session.tokens).toEqual(["t2"]);
  gate.resolve();
  await settled();
  expect(session.tokens).toEqual(["t2", "t4"]);
});

test("a server that cannot look at it just now is asked again; one that refuses it is not", async () => {
  const played = new Played();
  await played.credential.auth();
  const session = new PlayedSession();
  session.failures.push(refused("PN_AUTH_UNAVAILABLE"), refused("PN_AUTH_UNAVAILABLE"));
  played.credential.follow(session, LIFETIME);
  await played.source.renew();
  await settled();
  await played.clock.pass(2_000);
  expect(session.tokens).toEqual(["t2", "t2", "t2"]);
  expect(played.states).toEqual(["failed", "failed", "renewed"]);

  session.failures.push(refused("PN_AUTH_REFUSED"));
  await played.source.renew();
  await settled();
  await played.clock.pass(10_000);
  expect(session.tokens.slice(3)).toEqual(["t3"]);
  // It is told, and the next one is shown again.
  await played.source.renew();
  await settled();
  expect(session.tokens.slice(4)).toEqual(["t4"]);
});

test("a session that ends while it is asked hears and tells nothing any more", async () => {
  const played = new Played();
  await played.credential.auth();
  const session = new PlayedSession();
  const gate = Promise.withResolvers<void>();
  session.gate = gate.promise;
  session.failures.push(refused("PN_SESSION_LOST"));
  const end = played.credential.follow(session, LIFETIME);
  await played.source.renew();
  end();
  gate.resolve();
  await settled();
  await played.clock.pass(10_000);
  expect([session.tokens, played.reports]).toEqual([["t2"], []]);
  // The next session logs in with the new one, and is not told it again.
  expect(await played.credential.auth()).toMatchObject({ token: "t2" });
  const next = new PlayedSession();
  played.credential.follow(next, LIFETIME);
  await settled();
  expect(next.shown).toEqual([]);
});

test("a token that came between login and session is passed on", async () => {
  const played = new Played();
  await played.credential.auth();
  await played.source.renew();
  const session = new PlayedSession();
  played.credential.follow(session, LIFETIME);
  await settled();
  expect(session.tokens).toEqual(["t2"]);
});

test("an issuer that is away is told, with when it is tried again", async () => {
  const played = new Played();
  await played.credential.auth();
  played.credential.follow(new PlayedSession(), LIFETIME);
  played.failures.push(new TunnelError("PN_REFRESH_FAILED", "HTTP 503"));
  await played.clock.pass(0.6 * LIFETIME);
  expect(played.reports).toEqual([["failed", expect.stringContaining("HTTP 503")]]);
});

test("tunnels that share a source renew together; each shows its own server the token", async () => {
  const played = new Played();
  const other = played.another();
  await Promise.all([played.credential.auth(), other.auth()]);
  expect(played.given).toBe(1);
  const [one, two] = [new PlayedSession(), new PlayedSession()];
  const end = played.credential.follow(one, LIFETIME);
  other.follow(two, LIFETIME);
  await played.clock.pass(0.6 * LIFETIME);
  expect([played.given, one.tokens, two.tokens]).toEqual([2, ["t2"], ["t2"]]);
  // One that has gone does not stop the other.
  end();
  played.credential.release();
  await played.clock.pass(0.6 * LIFETIME);
  expect([played.released, one.tokens, two.tokens]).toEqual([1, ["t2"], ["t2", "t3"]]);
});
