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

/** An issuer that gives t1, t2, … or fails, and remembers what it was asked with. */
class Issuer {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  /** What the next answers are; then tokens for as long as `lifetime` says. */
  readonly failures: TunnelError[] = [];
  lifetime: number | undefined = 10 * MINUTE;
  rotates = false;
  /** Answers wait for this. */
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

class Heard implements TokenListener {
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

test("nobody is asked before a token is needed, and then once for all who need it", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  expect(issuer.asked).toEqual([]);
  const gate = Promise.withResolvers<void>();
  issuer.gate = gate.promise;
  const all = [source.current(), source.current(), source.renew(), source.renew()];
  source.renewSoon();
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
] as const)("by chance %d the next one is asked for when %d of the time is over", async ([chance, share]) => {
  const issuer = new Issuer();
  issuer.clock.chance = chance;
  const source = issuer.source();
  await source.current();
  const heard = new Heard();
  source.listen(heard);
  const wait = Math.round(10 * MINUTE * share) - 1;
  await issuer.clock.pass(wait - 1);
  expect([issuer.asked.length, heard.tokens]).toEqual([1, 0]);
  await issuer.clock.pass(2);
  expect([issuer.asked.length, heard.tokens, source.token]).toEqual([2, 1, "t2"]);
});

test("without anybody who listens nothing is asked ahead; an ended token is replaced when one is needed", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  source.listen(new Heard())();
  expect(issuer.clock.waiting).toBe(0);
  await issuer.clock.pass(10 * MINUTE - 1);
  expect(await source.current()).toBe("t1");
  await issuer.clock.pass(1);
  expect(await source.current()).toBe("t2");
});

test("a token tells by itself when it ends; what the issuer or the server says counts more", async () => {
  const issuer = new Issuer();
  const now = issuer.clock.now();
  const token = jwt({ exp: (now + MINUTE) / 1_000 });
  const source = issuer.source({}, token);
  source.listen(new Heard());
  expect([await source.current(), issuer.clock.next]).toEqual([token, 0.6 * MINUTE]);
  // The server's clock, once: by then this client has got what it needs to plan.
  source.setLifetime(token, 2 * MINUTE);
  expect(issuer.clock.next).toBe(1.2 * MINUTE);
  source.setLifetime(token, MINUTE);
  source.setLifetime("another", 1);
  source.setLifetime(token, undefined);
  expect(issuer.clock.next).toBe(1.2 * MINUTE);
});

test("where nobody says when a token ends, it is the interval; a year is waited for in pieces", async () => {
  const issuer = new Issuer();
  issuer.lifetime = undefined;
  const source = issuer.source({ interval: MINUTE });
  await source.current();
  source.listen(new Heard());
  expect(issuer.clock.next).toBeCloseTo(0.8 * MINUTE);
  issuer.lifetime = 365 * 24 * 60 * MINUTE;
  await source.renew();
  await issuer.clock.pass(0.6 * issuer.lifetime - 1);
  expect(issuer.asked).toHaveLength(2);
  await issuer.clock.pass(2);
  expect(issuer.asked).toHaveLength(3);
});

test("tokens that are ended when they come do not make it ask more than once a second", async () => {
  const issuer = new Issuer();
  issuer.lifetime = 1;
  const source = issuer.source();
  await source.current();
  source.listen(new Heard());
  await issuer.clock.pass(10_000);
  expect(issuer.asked.length).toBeLessThanOrEqual(11);
});

test("failures are told and tried again ever more slowly, up to a minute; then all is as before", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const heard = new Heard();
  source.listen(heard);
  issuer.failures.push(...Array<TunnelError>(9).fill(AWAY));
  await issuer.clock.pass(6 * MINUTE);
  expect(heard.failures).toEqual([["PN_REFRESH_FAILED", 0]]);
  // What is announced is what is done, but never sooner than in a second.
  for (const delay of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    expect(issuer.clock.next).toBe(delay);
    await issuer.clock.pass(delay);
  }
  expect(heard.failures.map(([, delay]) => delay)).toEqual([0, 2e3, 4e3, 8e3, 16e3, 32e3, 6e4, 6e4, 6e4]);
  expect(source.token).toBe("t1");
  // The server's word that the token ends does not shorten the pause.
  source.renewSoon();
  expect(issuer.asked).toHaveLength(10);
  await issuer.clock.pass(60_000);
  expect([source.token, heard.tokens, issuer.clock.next]).toEqual(["t2", 1, 6 * MINUTE]);
  issuer.failures.push(AWAY);
  await issuer.clock.pass(6 * MINUTE);
  expect(heard.failures.at(-1)).toEqual(["PN_REFRESH_FAILED", 0]);
});

test("pauses after failures are partly by chance", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const heard = new Heard();
  source.listen(heard);
  issuer.failures.push(AWAY, AWAY);
  await issuer.clock.pass(6 * MINUTE);
  issuer.clock.chance = 0.5;
  await issuer.clock.pass(1_000);
  expect(heard.failures.at(-1)).toEqual(["PN_REFRESH_FAILED", 1_500]);
});

test("a refusal is told and not tried again by itself; who needs a token hears of it", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const heard = new Heard();
  source.listen(heard);
  issuer.failures.push(REFUSED, REFUSED);
  await issuer.clock.pass(24 * 60 * MINUTE);
  expect([heard.failures, issuer.asked.length]).toEqual([[["PN_REFRESH_REFUSED", undefined]], 2]);
  await expect(source.current()).rejects.toBe(REFUSED);
});

test("a token that the server does not take is not given again, and no other one is thrown away for it", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  source.distrust("another");
  expect(await source.current()).toBe("t1");
  source.distrust("t1");
  expect(await source.current()).toBe("t2");
});

test("the word that a token ends makes a new one be asked for at once, by one request", async () => {
  const issuer = new Issuer();
  const source = issuer.source();
  await source.current();
  const [one, other] = [new Heard(), new Heard()];
  for (const heard of [one, other]) source.listen(heard);
  source.renewSoon();
  source.renewSoon();
  await settled();
  expect([issuer.asked.length, one.tokens, other.tokens]).toEqual([2, 1, 1]);
});

test("a refresh token that takes the place of the last is what is asked with next, also without a file", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const source = issuer.source();
  for (const _ of [1, 2, 3]) await source.renew();
  expect(issuer.asked).toEqual(["r0", "r1", "r2"]);
});

const stateFile = (): string => join(scratchFolder(onTestFinished), "below", "state.json");
const kept = (file: string): string =>
  (JSON.parse(readFileSync(file, "utf8")) as { refresh_token: string }).refresh_token;

test("with a file the next start goes on where the last one stopped", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  await issuer.source({ stateFile: file }).renew();
  expect(kept(file)).toBe("r1");
  await issuer.source({ stateFile: file }).renew();
  expect(issuer.asked).toEqual(["r0", "r1"]);
});

test("what another process has written there counts", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  const source = issuer.source({ stateFile: file });
  await source.renew();
  writeFileSync(file, '{"refresh_token":"of-another"}', { mode: 0o600 });
  await source.renew();
  expect(issuer.asked).toEqual(["r0", "of-another"]);
});

test("a file that cannot be written any more is told, costs no token, and what is still in it is not believed", async () => {
  const issuer = new Issuer();
  issuer.rotates = true;
  const file = stateFile();
  const source = issuer.source({ stateFile: file });
  await source.renew();
  const heard = new Heard();
  source.listen(heard);
  // Whoever writes beside it meets a name that is too long: the file itself stays as it is.
  const long = join(scratchFolder(onTestFinished), "x".repeat(250));
  writeFileSync(long, readFileSync(file), { mode: 0o600 });
  const stuck = issuer.source({ stateFile: long });
  stuck.listen(heard);
  expect([await stuck.renew(), await stuck.renew()]).toEqual(["t2", "t3"]);
  expect(issuer.asked).toEqual(["r0", "r1", "r2"]);
  expect(kept(long)).toBe("r1");
  expect(heard.failures).toEqual([
    ["PN_REFRESH_FAILED", undefined],
    ["PN_REFRESH_FAILED", undefined],
  ]);
});

test("a file that cannot be believed is a refusal that says what to do, before anybody is asked", async () => {
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
