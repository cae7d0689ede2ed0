import { describe, expect, test } from "vitest";
import type { Refusal } from "../../http/index.js";
import { outcome, stepRequest, type PlainStepRequest } from "../step-requests.suite.js";
import type { Verdict } from "../step.js";
import { BasicAuthStep, type BasicAuthUser } from "./basic-auth-step.js";
import { FakeVerifier } from "./fake-verifier.suite.js";

const NEEDED = "401 PN_ACCESS_PASSWORD";
const FAILURES = "429 PN_ACCESS_FAILURES";
const BUSY = "503 PN_ACCESS_BUSY";
const USERS: BasicAuthUser[] = [
  { name: "ann", hash: "$2y$05$ann" },
  { name: "jürgen", hash: "{SHA}j" },
];

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

/** A route with two users, and visitors. */
class Guarded {
  now = 1_000_000.5;
  readonly verifier = new FakeVerifier();
  step = new BasicAuthStep({ users: USERS }, this.verifier);
  readonly requests: PlainStepRequest[] = [];

  check(authorization: string, address = "192.0.2.1"): Verdict | Promise<Verdict> {
    const request = stepRequest({ address, startedAt: this.now }, authorization === "" ? {} : { authorization });
    this.requests.push(request);
    return this.step.check(request);
  }

  /** The outcome, where a check of the password ends with `isRight`. */
  async ask(authorization: string, isRight = false, address?: string): Promise<string> {
    const verdict = this.check(authorization, address);
    if (!(verdict instanceof Promise)) return outcome(verdict);
    this.verifier.workers.at(-1)!.answer(isRight);
    return outcome(await verdict);
  }
}

describe("a visitor", () => {
  test("without credentials is asked for them, as often as it likes", async () => {
    const guarded = new Guarded();
    for (let n = 0; n < 50; n++) expect(await guarded.ask("")).toBe(NEEDED);
    const { fields } = guarded.check("") as Refusal;
    expect(fields).toEqual({ "WWW-Authenticate": 'Basic realm="restricted", charset="UTF-8"' });
    for (const field of [
      "Bearer x",
      "Basic",
      "Basic !",
      basic("no colon"),
      basic("nul:\0"),
      basic(`a:${"x".repeat(2_000)}`),
    ])
      expect(await guarded.ask(field), field).toBe(NEEDED);
    expect(guarded.verifier.checks).toHaveLength(0);
  });

  test("with the right password is admitted; the target gets the name, and not the password", async () => {
    const guarded = new Guarded();
    expect(await guarded.ask(basic("ann:pass:word"), true)).toBe("admitted");
    expect(guarded.verifier.checks).toEqual([{ password: "pass:word", hash: "$2y$05$ann" }]);
    expect(guarded.requests[0]!.edits).toMatchObject([
      { names: ["authorization", "x-forwarded-user"], lines: "X-Forwarded-User: ann\r\n" },
    ]);
    expect(await guarded.ask(basic("jürgen:ü"), true)).toBe("admitted");
    expect(guarded.requests[1]!.edits[0]!.lines).toBe("X-Forwarded-User: jÃ¼rgen\r\n");
  });

  test("is checked once: the answer is kept, whatever the address", async () => {
    const guarded = new Guarded();
    await guarded.ask(basic("ann:right"), true);
    for (let n = 0; n < 100; n++) {
      expect(await guarded.ask(basic("ann:right"), false, `192.0.2.${n}`)).toBe("admitted");
      expect(guarded.requests.at(-1)!.edits).toHaveLength(1);
    }
    expect(await guarded.ask(basic("ann:wrong"))).toBe(NEEDED);
    expect(await guarded.ask(basic("ann:wrong"), true, "192.0.2.2")).toBe(NEEDED);
    expect(guarded.verifier.checks).toHaveLength(2);
  });

  test("with an unknown name is refused after a check that takes as long, whatever its answer", async () => {
    const guarded = new Guarded();
    expect(await guarded.ask(basic("eve:x"), true)).toBe(NEEDED);
    expect(await guarded.ask(basic("eve:x"), true)).toBe(NEEDED);
    expect(guarded.verifier.checks).toHaveLength(1);
    expect(await guarded.ask(basic("__proto__:x"), true)).toBe(NEEDED);
  });

  test("with an unknown name is checked as some user is, always the same one for a name", async () => {
    const guarded = new Guarded();
    const hashesOf = new Map<string, Set<string>>();
    for (let n = 0; n < 128; n++) {
      const name = `eve${n % 64}`;
      expect(await guarded.ask(basic(`${name}:${n}`), false, `192.0.2.${n}`)).toBe(NEEDED);
      const hashes = hashesOf.get(name) ?? new Set();
      hashesOf.set(name, hashes.add(guarded.verifier.checks.at(-1)!.hash));
    }
    expect([...hashesOf.values()].every(({ size }) => size === 1)).toBe(true);
    // Otherwise a user whose hash takes another time to check would stand out among unknown names.
    expect(new Set([...hashesOf.values()].flatMap((each) => [...each]))).toEqual(
      new Set(USERS.map(({ hash }) => hash)),
    );
  });

  test("is refused by a file without users", async () => {
    const guarded = new Guarded();
    guarded.step = new BasicAuthStep({ users: [] }, guarded.verifier);
    expect(await guarded.ask(basic("ann:x"), true)).toBe(NEEDED);
  });
});

describe("wrong passwords", () => {
  test("are limited to 10 a minute for each address; then nothing is checked, not even the right one", async () => {
    const guarded = new Guarded();
    await guarded.ask(basic("ann:right"), true);
    for (let n = 0; n < 10; n++) expect(await guarded.ask(basic(`ann:${n}`))).toBe(NEEDED);
    const checks = guarded.verifier.checks.length;
    for (const text of ["ann:11", "ann:0", "ann:right", "eve:x"]) expect(await guarded.ask(basic(text))).toBe(FAILURES);
    expect((guarded.check(basic("ann:right")) as Refusal).retryAfter).toBe(6);
    expect(guarded.verifier.checks).toHaveLength(checks);
    expect(await guarded.ask(basic("ann:right"), false, "192.0.2.2")).toBe("admitted");
    expect(await guarded.ask("")).toBe(NEEDED);
    guarded.now += 6_000;
    expect(await guarded.ask(basic("ann:right"))).toBe("admitted");
    expect(await guarded.ask(basic("ann:12"))).toBe(NEEDED);
    expect(await guarded.ask(basic("ann:13"))).toBe(FAILURES);
  });

  test("count when they are repeated", async () => {
    const guarded = new Guarded();
    for (let n = 0; n < 10; n++) expect(await guarded.ask(basic("ann:wrong"))).toBe(NEEDED);
    expect(await guarded.ask(basic("ann:wrong"))).toBe(FAILURES);
    expect(guarded.verifier.checks).toHaveLength(1);
  });

  test("count before they are checked, so that a thousand at once are no way around the limit", () => {
    const guarded = new Guarded();
    const verdicts = Array.from({ length: 1_000 }, (_, n) => outcome(guarded.check(basic(`ann:${n}`))));
    expect(verdicts.filter((each) => each === "waits")).toHaveLength(10);
    expect(new Set(verdicts.slice(10))).toEqual(new Set([FAILURES]));
  });

  test("are counted over a reload, which forgets the answers if the users change", async () => {
    const guarded = new Guarded();
    await guarded.ask(basic("ann:right"), true);
    for (let n = 0; n < 10; n++) await guarded.ask(basic(`ann:${n}`));
    const former = guarded.step;
    guarded.step = new BasicAuthStep({ users: USERS }, guarded.verifier);
    guarded.step.inherit(former);
    expect(await guarded.ask(basic("ann:0"))).toBe(FAILURES);
    const checks = guarded.verifier.checks.length;
    expect(await guarded.ask(basic("ann:right"), false, "192.0.2.2")).toBe("admitted");
    expect(guarded.verifier.checks).toHaveLength(checks);
    guarded.step = new BasicAuthStep({ users: USERS.slice(1) }, guarded.verifier);
    guarded.step.inherit(former);
    expect(await guarded.ask(basic("ann:0"))).toBe(FAILURES);
    expect(await guarded.ask(basic("ann:right"), true, "192.0.2.2")).toBe(NEEDED);
  });
});

describe("requests at the same time", () => {
  test("with the same credentials share one check, and count once until it is known to be right", async () => {
    const guarded = new Guarded();
    const verdicts = Array.from({ length: 20 }, () => guarded.check(basic("ann:right")));
    expect(guarded.verifier.checks).toHaveLength(1);
    guarded.verifier.workers[0]!.answer(true);
    for (const verdict of verdicts) expect(outcome(await verdict)).toBe("admitted");
    for (const { edits } of guarded.requests) expect(edits).toHaveLength(1);
    for (let n = 0; n < 10; n++) expect(await guarded.ask(basic(`ann:${n}`))).toBe(NEEDED);
    expect(await guarded.ask(basic("ann:11"))).toBe(FAILURES);
  });

  test("beyond those that can wait are refused, and may come again", async () => {
    const guarded = new Guarded();
    const verdicts = Array.from({ length: 40 }, (_, n) => outcome(guarded.check(basic(`ann:${n}`), `192.0.2.${n}`)));
    expect(verdicts.filter((each) => each === "waits")).toHaveLength(34);
    expect(verdicts.filter((each) => each === BUSY)).toHaveLength(6);
    guarded.verifier.workers[0]!.answer(false);
    expect(outcome(guarded.check(basic("ann:39"), "192.0.2.39"))).toBe("waits");
  });

  test("whose visitors leave free their place, but not if others wait for the same check", () => {
    const guarded = new Guarded();
    for (let n = 0; n < 34; n++) void guarded.check(basic(`ann:${n}`), `192.0.2.${n}`);
    void guarded.check(basic("ann:32"), "198.51.100.1");
    const late = (): string => outcome(guarded.check(basic("ann:late"), "192.0.2.99"));
    expect(late()).toBe(BUSY);
    guarded.requests[32]!.end();
    expect(late()).toBe(BUSY);
    guarded.requests[33]!.end();
    expect(late()).toBe("waits");
    expect(late()).toBe("waits");
  });

  test("get 503 if the thread ends, and the next one is checked again", async () => {
    const guarded = new Guarded();
    const verdict = guarded.check(basic("ann:right"));
    guarded.verifier.workers[0]!.emit("error", new Error("out of memory"));
    expect(outcome(await verdict)).toBe(BUSY);
    expect(await guarded.ask(basic("ann:right"), true)).toBe("admitted");
  });
});
