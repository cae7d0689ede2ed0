import { describe, expect, test } from "vitest";
import { refusals } from "../../http/index.js";
import { LOGIN_FAILURES, OIDC_LIMITS } from "./callback-pages.js";
import { ProviderError } from "./login-provider.js";
import { sessionCookie } from "./login-cookies.js";
import { LOGIN_TIME } from "./logins.js";
import { RETURN_PATH } from "./browser-visit.js";
import { callbackOf, POLICY, ScriptedBrowser, ScriptedLogins } from "./scripted-logins.suite.js";

const A = "https://a.test";
const B = "https://b.test";
const EXPIRED = "403 PN_ACCESS_LOGIN_EXPIRED";

const oneHost = (): ScriptedLogins => new ScriptedLogins({ "a.test": POLICY });

test("a visitor logs in, returns to its page, and the target learns who it is", async () => {
  const logins = oneHost();
  const browser = new ScriptedBrowser(logins);
  const page = await browser.logIn(`${A}/deep?q=1&r=%2f`);
  expect([page.outcome, page.url]).toEqual(["admitted", `${A}/deep?q=1&r=%2f`]);
  expect(page.request.edits).toEqual([
    {
      names: ["x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "cookie"],
      lines: "X-Forwarded-User: ann\r\nX-Forwarded-Email: ann@shop.example\r\n",
      principal: "ann",
    },
  ]);
  expect(logins.provider.asked).toHaveLength(1);
  expect((await browser.send(`${A}/other`)).outcome).toBe("admitted");
});

test("the targets get the visitor's other cookies", async () => {
  const browser = new ScriptedBrowser(oneHost());
  await browser.logIn(A);
  browser.cookies("a.test").set("app", "1");
  const { request } = await browser.send(A);
  expect(request.edits[0]!.lines).toContain("\r\nCookie: app=1\r\n");
  expect(request.edits[0]!.lines).not.toContain("postern");
});

describe("a request that is no page in a browser is not redirected", () => {
  test.for([
    ["a fetch", {}, { "sec-fetch-mode": "cors" }],
    ["a program", {}, { accept: "*/*", "sec-fetch-mode": "" }],
    ["a program that names nothing", {}, { accept: "", "sec-fetch-mode": "" }],
    ["a form", { method: "POST" }, {}],
    ["a WebSocket", { upgrade: "websocket" }, {}],
  ] as const)("%s", async ([, options, fields]) => {
    const browser = new ScriptedBrowser(oneHost());
    const { outcome, verdict } = await browser.send(A, { ...options, fields });
    expect(outcome).toBe("401 PN_ACCESS_LOGIN");
    expect(verdict).toMatchObject({ fields: { "WWW-Authenticate": expect.stringContaining("realm") as string } });
    expect(browser.jar.get("a.test")?.size ?? 0).toBe(0);
  });
});

test("over plain HTTP nobody logs in, except on this machine", async () => {
  const logins = new ScriptedLogins({ "a.test": POLICY, localhost: POLICY });
  const browser = new ScriptedBrowser(logins);
  expect((await browser.send("http://a.test/")).outcome).toBe("403 PN_ACCESS_INSECURE");
  expect((await browser.send("http://localhost/")).outcome).toBe("→");
});

describe("an upgrade", () => {
  const upgrade = (origin: string): object => ({ upgrade: "websocket", fields: { origin } });

  test.for([
    [A, "admitted"],
    ["https://A.test", "admitted"],
    ["", "403 PN_ACCESS_ORIGIN"],
    ["null", "403 PN_ACCESS_ORIGIN"],
    [B, "403 PN_ACCESS_ORIGIN"],
    ["http://a.test", "403 PN_ACCESS_ORIGIN"],
    ["https://a.test:8443", "403 PN_ACCESS_ORIGIN"],
    ["https://a.test.evil.test", "403 PN_ACCESS_ORIGIN"],
  ] as const)("from a page of %j is %s", async ([origin, expected]) => {
    const browser = new ScriptedBrowser(oneHost());
    await browser.logIn(A);
    expect((await browser.send(A, upgrade(origin))).outcome).toBe(expected);
  });
});

describe("who may use a route", () => {
  test("an account without a verified email address may not", async () => {
    const logins = oneHost();
    logins.provider.claimsOf = async () => ({ sub: "eve", email: "eve@shop.example", email_verified: false });
    const { outcome, verdict } = await new ScriptedBrowser(logins).logIn(A);
    expect(outcome).toBe("403 PN_ACCESS_ACCOUNT");
    expect((verdict as { message: string }).message).toContain("(no verified email address)");
  });

  test("an account that may not gets a page that names it, and a link to log in as someone else", async () => {
    const logins = oneHost();
    const { provider } = logins;
    provider.claimsOf = async () => ({ sub: "eve", email: "eve@evil.example", email_verified: true });
    const browser = new ScriptedBrowser(logins);
    const refused = await browser.logIn(`${A}/deep?q=1`);
    expect(refused.verdict).toMatchObject({
      code: "PN_ACCESS_ACCOUNT",
      message: expect.stringContaining("eve@evil.example") as string,
      link: { text: "Log in as someone else" },
    });
    provider.claimsOf = async () => ({ sub: "ann", email: "ann@shop.example", email_verified: true });
    const { href } = (refused.verdict as { link: { href: string } }).link;
    const page = await browser.logIn(`${A}${href}`);
    expect([page.outcome, page.url]).toEqual(["admitted", `${A}/deep?q=1`]);
    expect(provider.logins.map(({ chooses }) => chooses)).toEqual([false, true]);
  });

  test("a login for one policy is not valid for another, also on the same host", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    await browser.logIn(A);
    const stricter = new ScriptedLogins({ "a.test": { ...POLICY, groups: ["admins"] } });
    const session = [...browser.cookies("a.test")].find(([name]) => name.includes("session"))!;
    const other = new ScriptedBrowser(stricter);
    const { policy: id } = stricter;
    other.cookies("a.test").set(sessionCookie(stricter.logins.mark, id), session[1]);
    expect((await other.send(A)).outcome).toBe("→");
  });

  test("the provider is asked again after max_age, and knows of changes", async () => {
    const logins = oneHost();
    const { provider } = logins;
    const browser = new ScriptedBrowser(logins);
    await browser.logIn(A);
    logins.now += POLICY.maxAge - 1;
    expect((await browser.send(A)).outcome).toBe("admitted");
    logins.now += 1;
    expect((await browser.send(A, { fields: { "sec-fetch-mode": "cors" } })).outcome).toBe("401 PN_ACCESS_LOGIN");
    expect((await browser.logIn(A)).outcome).toBe("admitted");
    expect(provider.asked).toHaveLength(2);
    logins.now += POLICY.maxAge;
    provider.claimsOf = async () => ({ sub: "ann" });
    expect((await browser.logIn(A)).outcome).toBe("403 PN_ACCESS_ACCOUNT");
    expect((await browser.send(A)).outcome).toBe("→");
  });
});

describe("logins in progress are bounded", () => {
  test("strangers that begin logins leave nothing behind in the gateway", async () => {
    const logins = oneHost();
    for (let n = 0; n < 1_000; n++) await new ScriptedBrowser(logins).open(`${A}/`);
    expect(logins.provider.asked).toEqual([]);
  });

  test("a browser keeps the cookies of a few logins, so that its head stays small", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    let location = "";
    for (let n = 0; n < OIDC_LIMITS.pending + 5; n++) ({ location = "" } = await browser.open(`${A}/${n}`));
    const names = [...browser.cookies("a.test").keys()].filter((name) => name.includes("pending"));
    expect(names).toHaveLength(OIDC_LIMITS.pending);
    expect((await browser.open(callbackOf(location, logins))).outcome).toBe("admitted");
  });

  test("the cookies of the largest account and the longest address are small enough for browsers", async () => {
    const logins = new ScriptedLogins({ [`${"a".repeat(60)}.test`]: POLICY });
    logins.provider.claimsOf = async () => ({
      sub: '"'.repeat(255),
      email: `${"e".repeat(241)}@shop.example`,
      email_verified: true,
      groups: Array.from({ length: 1_000 }, (_, n) => `group-${n}`),
    });
    const site = `https://${"a".repeat(60)}.test`;
    for (const path of [`/${"x".repeat(RETURN_PATH - 1)}`, `/${'"'.repeat(RETURN_PATH / 2 - 1)}`]) {
      const browser = new ScriptedBrowser(logins);
      const { location } = await browser.open(`${site}/`);
      expect(location).toBeDefined();
      const query = new URLSearchParams({ policy: logins.policy, path }).toString();
      const page = await browser.logIn(`${site}/.postern/oidc/switch?${query}`, (url) => url === `${site}${path}`);
      expect(page.location).toBe(`${site}${path}`);
      const sizes = browser.cookieSizes;
      expect(Math.max(...sizes)).toBeGreaterThan(3_000);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4_096);
    }
  });

  test("a login in two windows succeeds in both", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    const [one, two] = [(await browser.open(`${A}/1`)).location!, (await browser.open(`${A}/2`)).location!];
    expect((await browser.open(callbackOf(one, logins))).url).toBe(`${A}/1`);
    expect((await browser.open(callbackOf(two, logins))).url).toBe(`${A}/2`);
  });

  test("a login must be complete in time", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    const { location } = await browser.open(`${A}/`);
    logins.now += LOGIN_TIME;
    expect((await browser.send(callbackOf(location!, logins))).outcome).toBe(EXPIRED);
  });

  test("only so many logins wait for the provider at the same time", async () => {
    const logins = oneHost();
    const release = Promise.withResolvers<Record<string, unknown>>();
    logins.provider.claimsOf = () => release.promise;
    const waiting = [];
    for (let n = 0; n < OIDC_LIMITS.exchanges; n++) {
      const browser = new ScriptedBrowser(logins, `192.0.2.${n}`);
      const { location } = await browser.open(`${A}/`);
      waiting.push(browser.send(callbackOf(location!, logins)));
    }
    const late = new ScriptedBrowser(logins, "198.51.100.1");
    const { location } = await late.open(`${A}/`);
    const callback = callbackOf(location!, logins);
    expect((await late.send(callback)).outcome).toBe("503 PN_ACCESS_LOGINS");
    release.resolve({ sub: "ann", email: "ann@shop.example", email_verified: true });
    expect((await Promise.all(waiting)).map(({ outcome }) => outcome)).toEqual(waiting.map(() => "→"));
    expect((await late.open(callback)).outcome).toBe("admitted");
  });

  test("an address whose logins fail must wait; others need not", async () => {
    const logins = oneHost();
    logins.provider.claimsOf = () => Promise.reject(new ProviderError("denied", "invalid_grant"));
    const browser = new ScriptedBrowser(logins);
    const { location } = await browser.open(`${A}/`);
    const callback = callbackOf(location!, logins);
    for (let n = 0; n < LOGIN_FAILURES.burst; n++)
      expect((await browser.send(callback)).outcome).toBe("403 PN_ACCESS_LOGIN_FAILED");
    expect((await browser.send(callback)).outcome).toBe("429 PN_ACCESS_FAILURES");
    expect(logins.provider.asked).toHaveLength(LOGIN_FAILURES.burst);
    expect((await new ScriptedBrowser(logins, "198.51.100.1").logIn(A)).outcome).toBe("403 PN_ACCESS_LOGIN_FAILED");
  });

  test("logins that succeed are not limited", async () => {
    const logins = oneHost();
    for (let n = 0; n < 100; n++) expect((await new ScriptedBrowser(logins).logIn(A)).outcome).toBe("admitted");
  });
});

describe("while the provider does not work", () => {
  test("visitors get 502 and a link to try again, before and after the login", async () => {
    const logins = oneHost();
    const { provider } = logins;
    const fault = new ProviderError("failed", "canary");
    provider.fault = fault;
    const browser = new ScriptedBrowser(logins);
    const before = await browser.open(`${A}/x`);
    expect(before.outcome).toBe("502 PN_ACCESS_PROVIDER");
    expect(before.verdict).toEqual({ ...refusals.PN_ACCESS_PROVIDER, link: { text: "Log in again", href: `${A}/x` } });
    provider.fault = undefined;
    provider.claimsOf = () => Promise.reject(fault);
    expect((await browser.logIn(`${A}/x`)).outcome).toBe("502 PN_ACCESS_PROVIDER");
  });

  test("visitors that have logged in are still served", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    await browser.logIn(A);
    logins.provider.fault = new ProviderError("failed", "down");
    expect((await browser.send(A)).outcome).toBe("admitted");
  });
});

describe("logging out", () => {
  test("removes the login, and leads to the provider's own page if it has one", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    await browser.logIn(A);
    const local = await browser.send(`${A}/.postern/oidc/logout`);
    expect(local.outcome).toBe("200 Logged out");
    expect((await browser.send(A)).outcome).toBe("→");
    await browser.logIn(A);
    logins.provider.endsAt = "https://idp.test/end";
    const { location } = await browser.send(`${A}/.postern/oidc/logout`, { method: "POST", fields: { accept: "*/*" } });
    expect(location).toBe("https://idp.test/end");
    expect((await browser.send(A)).outcome).toBe("→");
  });

  test("works while the provider does not", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    await browser.logIn(A);
    logins.provider.fault = new ProviderError("failed", "down");
    expect((await browser.send(`${A}/.postern/oidc/logout`)).outcome).toBe("200 Logged out");
  });

  test("does not happen because another site asks for it", async () => {
    const browser = new ScriptedBrowser(oneHost());
    await browser.logIn(A);
    for (const from of ["cross-site", "same-site"]) {
      const { outcome } = await browser.send(`${A}/.postern/oidc/logout`, { fields: { "sec-fetch-site": from } });
      expect(outcome).toBe("200 Log out");
      expect((await browser.send(A)).outcome).toBe("admitted");
    }
  });
});

test("a login outlives a restart with the same secret, and not with another one", async () => {
  const before = oneHost();
  const browser = new ScriptedBrowser(before);
  await browser.logIn(A);
  const asked = async (logins: ScriptedLogins): Promise<string> => {
    const other = new ScriptedBrowser(logins);
    other.jar.set("a.test", browser.cookies("a.test"));
    return (await other.send(A)).outcome;
  };
  expect(await asked(oneHost())).toBe("admitted");
  expect(await asked(new ScriptedLogins({ "a.test": POLICY }, "other"))).toBe("→");
});

test("a login that has begun ends when its policy is gone", async () => {
  const logins = oneHost();
  const browser = new ScriptedBrowser(logins);
  const { location } = await browser.open(`${A}/`);
  const callback = callbackOf(location!, logins);
  logins.close();
  expect(logins.logins.owns(new URL(callback).pathname)).toBe(false);
  expect((await logins.paths.check((await browser.send(callback)).request)) as object).toMatchObject({
    code: "PN_ACCESS_LOGIN_EXPIRED",
  });
});

test.for(["/.postern/oidc/", "/.postern/oidc/x", "/.postern/oidc/constructor", "/.postern/oidc/login/x"])(
  "%s is no page, and no target gets it",
  async (path) => {
    expect((await new ScriptedBrowser(oneHost()).send(`${A}${path}`)).outcome).toBe("404 PN_ROUTE_UNKNOWN");
  },
);
