import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TunnelError } from "@postern/protocol";
import { scratchFolder } from "@postern/testkit";
import { ManualClock, settled } from "../manual-clock.suite.js";
import type { NewToken } from "./token-request.js";
import { TokenSource, type TokenListener } from "./token-source.js";

const MINUTE = 60_000;
const OPTIONS = { url: "https://issuer.example/token", refreshToken: "r0" };
const AWAY = new TunnelError("PN_REFRESH_FAILED", "HTTP 503");
const REFUSED = new TunnelError("PN_REFRESH_REFUSED", "invalid_grant");

/** An issuer that returns t1, t2, … or fails, and records the refresh tokens. */
class Issuer {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  /** It fails with these first; then it returns tokens with `lifetime`. */
  readonly failures: TunnelError[] = [];
  lifetime: number | undefined = 10 * MINUTE;
  rotates = false;
  /** Responses are delayed until this resolves. */
  gate: Promise<void> = Promise.resolve();
  #given = 0;

  source(options: object = {}, token?: string): TokenSource {
    return new TokenSource({ ...OPTIONS, ...options }, token, this.clock, (_, refreshToken) =>
      this.#answer(refreshToken),
    );
  }

  async #answer(asked: string): Promise<NewToken> {
    this.asked.push(asked);
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const number = ++this.#given;
    return { token: `t${number}`, lifetime: this.lifetime, refreshToken: this.rotates ? `r${number}` : undefined };
  }
}

class Listener implements TokenListener {
  tokens = 0;
  readonly failures: [code: string, delay: number | undefined][] = [];
  onToken(): void {
    this.tokens++;
  }
  onFailure({ code }: TunnelError, delay: number | undefined): void {
    this.failures.push([code, delay]);
  }
}

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

test("the issuer is asked when a token is needed, and only once for concurrent callers", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  expect(issuer.asked).toEqual([]);
  const gate = Promise.withResolvers<void>();
  issuer.gate = gate.promise;
  const all = [source.current(), source.current(), source.renew(), source.renew()];
  source.renewSoon("t0");
  await settled();
  expect(issuer.asked).toEqual(["r0"]);
  gate.resolve();
  expect(await Promise.all(all)).toEqual(["t1", "t1", "t1", "t1"]);
  expect([await source.current(), issuer.asked.length]).toEqual(["t1", 1]);
});

test.for([
  [0, 0.6],
  [0.5, 0.7],
  [0.999_999, 0.8],
] as const)(
  "with the random number %d, the next token is requested after %d of the lifetime",
  async ([chance, share]) => {
    const issuer = new Issuer();
    issuer.clock.chance = chance;
    const source = issuer.source();
    await source.current();
    const listener = new Listener();
    source.listen(listener);
    const wait = Math.round(10 * MINUTE * share) - 1;
    await issuer.clock.pass(wait - 1);
    expect([issuer.asked.length, listener.tokens]).toEqual([1, 0]);
    await issuer.clock.pass(2);
    expect([issuer.asked.length, listener.tokens, source.token]).toEqual([2, 1, "t2"]);
  },
);

test("without a listener no token is renewed in advance; an expired token is replaced on demand", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  source.listen(new Listener())();
  expect(issuer.clock.waiting).toBe(0);
  await issuer.clock.pass(10 * MINUTE - 1);
  expect(await source.current()).toBe("t1");
  await issuer.clock.pass(1);
  expect(await source.current()).toBe("t2");
});

test("the lifetime from the server takes precedence over the issuer's, and the issuer's over exp", async () => {
  const issuer = new Issuer();
  const now = issuer.clock.now();
  const token = jwt({ exp: (now + MINUTE) / 1_000 });
  const source = issuer.source({}, token);
  source.listen(new Listener());
  expect([await source.current(), issuer.clock.next]).toEqual([token, 0.6 * MINUTE]);
  // The server's lifetime applies once per token.
  source.setLifetime(token, 2 * MINUTE);
  expect(issuer.clock.next).toBe(1.2 * MINUTE);
  source.setLifetime(token, MINUTE);
  source.setLifetime("another", 1);
  source.setLifetime(token, undefined);
  expect(issuer.clock.next).toBe(1.2 * MINUTE);
});

test("without a lifetime the interval is used; a year is split into several timers", async () => {
  const issuer = new Issuer();
  issuer.lifetime = undefined;
  const source = issuer.source({ interval: MINUTE });
  await source.current();
  source.listen(new Listener());
  expect(issuer.clock.next).toBeCloseTo(0.8 * MINUTE);
  issuer.lifetime = 365 * 24 * 60 * MINUTE;
  await source.renew();
  await issuer.clock.pass(0.6 * issuer.lifetime - 1);
  expect(issuer.asked).toHaveLength(2);
  await issuer.clock.pass(2);
  expect(issuer.asked).toHaveLength(3);
});

test("tokens that are expired on arrival are renewed at most once a second", async () => {
  const issuer = new Issuer();
  issuer.lifetime = 1;
  const source = issuer.source();
  await source.current();
  source.listen(new Listener());
  await issuer.clock.pass(10_000);
  expect(issuer.asked.length).toBeLessThanOrEqual(11);
});

test("failed renewals are reported and retried with growing pauses of at most a minute", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const listener = new Listener();
  source.listen(listener);
  issuer.failures.push(...Array<TunnelError>(9).fill(AWAY));
  await issuer.clock.pass(6 * MINUTE);
  expect(listener.failures).toEqual([["PN_REFRESH_FAILED", 0]]);
  // The pause that the issuer announced is used, but it is never shorter than a second.
  for (const delay of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    expect(issuer.clock.next).toBe(delay);
    await issuer.clock.pass(delay);
  }
  expect(listener.failures.map(([, delay]) => delay)).toEqual([0, 2e3, 4e3, 8e3, 16e3, 32e3, 6e4, 6e4, 6e4]);
  expect(source.token).toBe("t1");
  // The announcement that the token expires does not shorten the pause.
  source.renewSoon("t1");
  expect(issuer.asked).toHaveLength(10);
  await issuer.clock.pass(60_000);
  expect([source.token, listener.tokens, issuer.clock.next]).toEqual(["t2", 1, 6 * MINUTE]);
  issuer.failures.push(AWAY);
  await issuer.clock.pass(6 * MINUTE);
  expect(listener.failures.at(-1)).toEqual(["PN_REFRESH_FAILED", 0]);
});

test("pauses after failures are jittered", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const listener = new Listener();
  source.listen(listener);
  issuer.failures.push(AWAY, AWAY);
  await issuer.clock.pass(6 * MINUTE);
  issuer.clock.chance = 0.5;
  await issuer.clock.pass(1_000);
  expect(listener.failures.at(-1)).toEqual(["PN_REFRESH_FAILED", 1_500]);
});

test("a refusal is reported and not retried; callers that need a token get the error", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const listener = new Listener();
  source.listen(listener);
  issuer.failures.push(REFUSED, REFUSED);
  await issuer.clock.pass(24 * 60 * MINUTE);
  expect([listener.failures, issuer.asked.length]).toEqual([[["PN_REFRESH_REFUSED", undefined]], 2]);
  await expect(source.current()).rejects.toBe(REFUSED);
});

test("a refused token is not used again, and a newer one is kept", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  source.distrust("another");
  expect(await source.current()).toBe("t1");
  source.distrust("t1");
  expect(await source.current()).toBe("t2");
});

test("the announcement that a token expires triggers one request at once", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const [one, other] = [new Listener(), new Listener()];
  for (const listener of [one, other]) source.listen(listener);
  source.renewSoon("t1");
  source.renewSoon("t1");
  await settled();
  expect([issuer.asked.length, one.tokens, other.tokens]).toEqual([2, 1, 1]);
});

test("an announcement soon after a renewal is followed a second after that renewal, however often it is repeated", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  source.listen(new Listener());
  source.renewSoon("t1");
  await settled();
  for (let n = 0; n < 9; n++) {
    await issuer.clock.pass(100);
    source.renewSoon("t1");
    source.renewSoon("t2");
  }
  expect(issuer.asked).toHaveLength(2);
  await issuer.clock.pass(200);
  expect([issuer.asked.length, source.token]).toEqual([3, "t3"]);
});

test("a rotated refresh token is used for the next request, also without a state file", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const source = issuer.source();
  for (const _ of [1, 2, 3]) await source.renew();
  expect(issuer.asked).toEqual(["r0", "r1", "r2"]);
});

const stateFile = (): string => join(scratchFolder(onTestFinished), "below", "state.json");
const kept = (file: string): string =>
  (JSON.parse(readFileSync(file, "utf8")) as { refresh_token: string }).refresh_token;

test("with a state file the next start continues with the rotated token", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  await issuer.source({ stateFile: file }).renew();
  expect(kept(file)).toBe("r1");
  await issuer.source({ stateFile: file }).renew();
  expect(issuer.asked).toEqual(["r0", "r1"]);
});

test("a refresh token that another process stored is used", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  const source = issuer.source({ stateFile: file });
  await source.renew();
  writeFileSync(file, '{"refresh_token":"of-another"}', { mode: 0o600 });
  await source.renew();
  expect(issuer.asked).toEqual(["r0", "of-another"]);
});

test("a source is idle only after the rotated token of a renewal in progress is stored, or the renewal has failed", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  const source = issuer.source({ stateFile: file });
  await source.idle();
  for (const [failures, stored] of [
    [[], "r1"],
    [[AWAY], "r1"],
  ] as const) {
    issuer.failures.push(...failures);
    const gate = Promise.withResolvers<void>();
    issuer.gate = gate.promise;
    source.renew().catch(() => {});
    let isIdle = false;
    const idle = source.idle().then(() => (isIdle = true));
    await settled();
    expect(isIdle).toBe(false);
    gate.resolve();
    await idle;
    expect(readFileSync(file, "utf8")).toContain(stored);
  }
});

test("a state file that cannot be written is reported, and its outdated content is ignored", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  const source = issuer.source({ stateFile: file });
  await source.renew();
  const listener = new Listener();
  source.listen(listener);
  // The name of the temporary file is too long, so writing fails, and the file stays unchanged.
  const long = join(scratchFolder(onTestFinished), "x".repeat(250));
  writeFileSync(long, readFileSync(file), { mode: 0o600 });
  const stuck = issuer.source({ stateFile: long });
  stuck.listen(listener);
  expect([await stuck.renew(), await stuck.renew()]).toEqual(["t2", "t3"]);
  expect(issuer.asked).toEqual(["r0", "r1", "r2"]);
  expect(kept(long)).toBe("r1");
  expect(listener.failures).toEqual([
    ["PN_REFRESH_FAILED", undefined],
    ["PN_REFRESH_FAILED", undefined],
  ]);
});

test("a state file that cannot be trusted is a refusal, and the issuer is not asked", async () => {
  const issuer = new Issuer();
  const file = stateFile();
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "canary {", { mode: 0o600 });
  const source = issuer.source({ stateFile: file });
  await expect(source.current()).rejects.toMatchObject({
    code: "PN_REFRESH_REFUSED",
    message: expect.stringMatching(/^(?!.*canary).*is damaged: remove it/),
  });
  expect(issuer.asked).toEqual([]);
  rmSync(file);
  expect(await source.current()).toBe("t1");
});

test("a server that announces the end again and again causes one renewal a second", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  source.listen(new Listener());
  for (let count = 0; count < 100; count++) {
    source.renewSoon(source.token ?? "");
    await settled();
    await issuer.clock.pass(20);
  }
  expect(issuer.asked.length).toBeLessThanOrEqual(4);
});
