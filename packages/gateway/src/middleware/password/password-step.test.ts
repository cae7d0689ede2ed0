import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Refusal, Reply } from "../../http/index.js";
import { FakeVerifier } from "../basic-auth/fake-verifier.suite.js";
import { outcome, stepRequest } from "../step-requests.suite.js";
import type { StepRequest, Verdict } from "../step.js";
import { LOGIN_LIFETIME } from "./password-login.js";
import { Steps } from "../chain/steps.js";
import { PasswordStep } from "./password-step.js";

const HASH = `{SHA}${createHash("sha1").update("right").digest("base64")}`;
const SIGNING = { key: "secret", route: "a.test/*" };
const NEEDED = "401 PN_ACCESS_PASSWORD_PAGE";
const DAY = 24 * 3_600 * 1_000;

type Given = Parameters<typeof stepRequest>[0];

/** A route with a password, and visitors. */
class Guarded {
  now = 1_800_000_000_000;
  readonly verifier = new FakeVerifier();
  step: PasswordStep;
  /** The checks that have been answered, by thread. */
  readonly #answered = new Map<object, number>();

  constructor(hash = HASH, signing: typeof SIGNING | "none" = SIGNING) {
    this.step = new PasswordStep({ hash, ...(signing === "none" ? {} : { signing }) }, this.verifier, () => this.now);
  }

  get path(): string {
    return this.step.paths[0]!;
  }

  check(given: Given = {}, fields: Record<string, string> = {}, body = ""): Verdict | Promise<Verdict> {
    return this.step.check(stepRequest({ ...given, startedAt: this.now }, fields, body));
  }

  /** Enters a password. */
  async enter(
    password: string,
    given: Given = {},
    fields: Record<string, string> = {},
    to = "/to?x=1",
  ): Promise<Verdict> {
    const body = new URLSearchParams({ password, to }).toString();
    const verdict = this.check({ method: "POST", path: this.path, ...given }, fields, body);
    // The form is read.
    await new Promise(setImmediate);
    for (const worker of this.verifier.workers) {
      const { length } = worker.checks;
      if (length === (this.#answered.get(worker) ?? 0)) continue;
      this.#answered.set(worker, length);
      worker.answer(worker.checks.at(-1)!.password === "right");
    }
    return await verdict;
  }

  /** Logs in. @returns the cookie as a browser sends it */
  async logIn(given: Given = {}): Promise<string> {
    const { fields } = (await this.enter("right", given)) as Reply;
    return String(fields!["Set-Cookie"]).split(";")[0]!;
  }
}

const ask = (guarded: Guarded, cookie: string, given: Given = {}, fields: Record<string, string> = {}): string =>
  outcome(guarded.check(given, { cookie, ...fields }));

describe("a visitor without a login", () => {
  test("gets a page that asks for the password, and returns to where it wanted", () => {
    const { prompt, fields } = new Guarded().check({ path: "/a?b" }) as Refusal;
    expect(prompt).toMatchObject({ title: "Password required", to: "/a?b" });
    expect(prompt!.action).toMatch(/^\/\.postern\/password\/[\w-]{10}$/);
    expect(fields).toMatchObject({ "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex" });
    expect((new Guarded().check({ path: "//evil.example" }) as Refusal).prompt!.to).toBe("/");
    expect((new Guarded().check({ method: "POST", path: "/a" }) as Refusal).prompt!.to).toBe("/");
  });

  test.each(["", "x", "__Host-postern_password_x=1", "postern_target=1"])(
    "has no login with the cookies %j",
    (cookie) => {
      expect(ask(new Guarded(), cookie)).toBe(NEEDED);
    },
  );

  test("opens no WebSocket", () => {
    const fields = { origin: "https://a.test" };
    expect(ask(new Guarded(), "", { upgrade: "websocket" }, fields)).toBe(NEEDED);
  });
});

describe("the right password", () => {
  test("makes a cookie of this host, and leads back", async () => {
    const guarded = new Guarded();
    const reply = (await guarded.enter("right")) as Reply;
    expect(reply).toMatchObject({ status: 303, fields: { Location: "/to?x=1", "Cache-Control": "no-store" } });
    expect(reply.fields!["Set-Cookie"]).toEqual([
      expect.stringMatching(
        /^__Host-postern_password_[0-9a-f]{8}_[\w-]{10}=[\w.-]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
    expect(ask(guarded, await guarded.logIn())).toBe("admitted");
  });

  test.each(["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb"])(
    "does not lead to %j",
    async (to) => {
      const { fields } = (await new Guarded().enter("right", {}, {}, to)) as Reply;
      expect(fields!["Location"]).toBe("/");
    },
  );

  test("works over plain HTTP, with a cookie of another name", async () => {
    const guarded = new Guarded();
    const site = "http://a.test";
    const cookie = await guarded.logIn({ site });
    expect(cookie).toMatch(/^postern_password_/);
    expect(ask(guarded, cookie, { site })).toBe("admitted");
    expect(ask(guarded, cookie)).toBe(NEEDED);
  });

  test("is checked in a thread, and known afterwards", async () => {
    const guarded = new Guarded();
    await guarded.logIn();
    await guarded.logIn();
    expect(guarded.verifier.checks).toEqual([{ password: "right", hash: HASH }]);
  });
});

describe("a login", () => {
  test("survives a restart and a reload, but not another password, key or route", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    expect(ask(new Guarded(), cookie)).toBe("admitted");
    const others = [
      new Guarded("{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
      new Guarded(HASH, { ...SIGNING, key: "other" }),
      new Guarded(HASH, { ...SIGNING, route: "other" }),
      new Guarded(HASH, "none"),
    ];
    for (const other of others) {
      expect(ask(other, cookie)).toBe(NEEDED);
      const [name] = other.path.split("/").slice(-1);
      expect(ask(other, cookie.replace(/password_[\w-]+=/, `password_${name}=`))).toBe(NEEDED);
    }
  });

  test("is valid for its host only", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    expect(ask(guarded, cookie, { host: "b.test", site: "https://b.test" })).toBe(NEEDED);
  });

  test("ends after 7 days", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    guarded.now += LOGIN_LIFETIME * 1_000 - 1_000;
    expect(ask(guarded, cookie)).toBe("admitted");
    guarded.now += 1_000;
    expect(ask(guarded, cookie)).toBe(NEEDED);
    expect(LOGIN_LIFETIME * 1_000).toBe(7 * DAY);
  });

  test("cannot be changed in any byte", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    const from = cookie.indexOf("=") + 1;
    for (let at = from; at < cookie.length; at++)
      for (const letter of ["A", "9", "z", "."]) {
        const changed = cookie.slice(0, at) + letter + cookie.slice(at + 1);
        if (changed !== cookie) expect(ask(guarded, changed), changed).toBe(NEEDED);
      }
  });

  test("is found among several cookies of its name, in quotation marks and not", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    const [name, value] = cookie.split("=");
    expect(ask(guarded, `a=1; ${name}=forged; ${cookie}; b=2`)).toBe("admitted");
    expect(ask(guarded, `${name}="${value}"`)).toBe("admitted");
  });

  test("opens a WebSocket of a page of its host only", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    const open = (origin: string): string =>
      ask(guarded, cookie, { upgrade: "websocket" }, origin === "" ? {} : { origin });
    expect(open("https://a.test")).toBe("admitted");
    for (const origin of ["", "null", "https://evil.example", "https://a.test.evil.example", "https://a.test:8443"])
      expect(open(origin), origin).toBe("403 PN_ACCESS_ORIGIN");
  });
});

describe("a wrong password", () => {
  test("asks again, and does not show the password", async () => {
    const refusal = (await new Guarded().enter("canary")) as Refusal;
    expect(outcome(refusal)).toBe(NEEDED);
    expect(refusal.prompt).toMatchObject({ message: "This password is not correct. Try again.", to: "/to?x=1" });
    expect(JSON.stringify(refusal)).not.toContain("canary");
  });

  test("counts: after 10 in a minute, an address gets 429, and a reload keeps the count", async () => {
    const guarded = new Guarded();
    for (let n = 0; n < 10; n++) expect(outcome(await guarded.enter(`wrong ${n}`))).toBe(NEEDED);
    expect(outcome(await guarded.enter("right"))).toBe("429 PN_ACCESS_FAILURES");
    expect(outcome(await guarded.enter("right", { address: "192.0.2.2" }))).toMatch(/^303/);
    const { step } = guarded;
    guarded.step = new Guarded().step;
    guarded.step.inherit(step);
    expect(outcome(await guarded.enter("right"))).toBe("429 PN_ACCESS_FAILURES");
  });

  test.each(["", "a\0b", "x".repeat(2_000)])("of an odd form is not right: %j", async (password) => {
    expect(outcome(await new Guarded().enter(password))).toBe(NEEDED);
  });
});

describe("the paths of passwords", () => {
  test.each<[string, Given, Record<string, string>]>([
    ["a form of another site", {}, { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    ["a form of another host of the same site", {}, { "sec-fetch-site": "same-site" }],
    ["a form of a page without an origin", {}, { origin: "null" }],
    ["a form of another port", {}, { origin: "https://a.test:8443" }],
  ])("do not take %s", async (_, given, fields) => {
    const guarded = new Guarded();
    expect(outcome(await guarded.enter("right", given, fields))).toBe("403 PN_ACCESS_ORIGIN");
    expect(guarded.verifier.checks).toHaveLength(0);
  });

  test.each<Record<string, string>>([
    { "sec-fetch-site": "same-origin", origin: "https://a.test" },
    { origin: "https://A.test" },
    // A proxy in front has removed TLS, and is not trusted.
    { origin: "http://a.test" },
  ])("take a form with %j", async (fields) => {
    expect(outcome(await new Guarded().enter("right", {}, fields))).toMatch(/^303/);
  });

  test("reach no target, with or without a login", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    const steps = new Steps([guarded.step]);
    const check = (path: string, sent: string): string => outcome(steps.check(stepRequest({ path }, { cookie: sent })));
    for (const path of ["/.postern/password/", "/.postern/password/other", `${guarded.path}/x`]) {
      expect(check(path, "")).toBe(NEEDED);
      expect(check(path, cookie)).toBe("404 PN_ROUTE_UNKNOWN");
    }
    expect(check("/", cookie)).toBe("admitted");
    expect(ask(guarded, cookie, { path: `${guarded.path}?x` })).toMatch(/^303/);
    expect(ask(guarded, "", { path: guarded.path })).toBe(NEEDED);
    expect(ask(guarded, cookie, { path: guarded.path, method: "PUT" })).toBe("405 PN_ROUTE_METHOD");
  });

  test("of two passwords of one address: each is entered in its turn", async () => {
    const [first, second] = [new Guarded(), new Guarded(HASH, { key: "k", route: "b" })];
    const steps = new Steps([first.step, second.step]);
    const cookies = [await first.logIn(), await second.logIn()];
    const check = (path: string, cookie = ""): string => outcome(steps.check(stepRequest({ path }, { cookie })));
    expect(check(second.path)).toBe(NEEDED);
    expect(check(second.path, cookies[0])).toBe(NEEDED);
    expect(check("/", cookies[0])).toBe(NEEDED);
    expect(check("/", cookies.join("; "))).toBe("admitted");
  });

  test("end the login of this browser, unless another site asks for it", async () => {
    const guarded = new Guarded();
    const cookie = await guarded.logIn();
    const path = guarded.step.paths[1]!;
    expect(path).toBe("/.postern/password/logout");
    for (const method of ["GET", "POST"]) {
      const reply = guarded.check({ path, method }, { cookie: `${cookie}; other=1` }) as Reply;
      expect(reply.fields).toMatchObject({ Location: "/" });
      expect(reply.fields!["Set-Cookie"]).toEqual([
        expect.stringMatching(/^__Host-postern_password_[\w-]+=; .*Max-Age=0/),
      ]);
    }
    const elsewhere = { "sec-fetch-site": "cross-site" };
    expect(ask(guarded, cookie, { path }, elsewhere)).toBe("403 PN_ACCESS_ORIGIN");
  });

  test("differ between routes, and do not show their names", () => {
    const paths = ["a", "b"].map((route) => new Guarded(HASH, { key: "k", route }).path);
    expect(new Set(paths).size).toBe(2);
  });
});

test("the form is read up to 4 KiB", async () => {
  const limits: number[] = [];
  const request: StepRequest = {
    ...stepRequest({ method: "POST", path: new Guarded().path }),
    readBody: (most) => {
      limits.push(most);
      return Promise.resolve(Buffer.alloc(0));
    },
  };
  const guarded = new Guarded();
  void guarded.step.check(request);
  expect(limits).toEqual([4_096]);
});
