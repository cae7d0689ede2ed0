import { describe, expect, test } from "vitest";
import { CODE_LIMITS } from "./login-codes.js";
import { LOGIN_PATHS } from "./logins.js";
import { callbackOf, isEntry, POLICY, PROVIDER, ScriptedBrowser, ScriptedLogins } from "./scripted-logins.suite.js";

const A = "https://a.test";
const B = "https://b.test";
const EXPIRED = "403 PN_ACCESS_LOGIN_EXPIRED";

const oneHost = (): ScriptedLogins => new ScriptedLogins({ "a.test": POLICY });
const SHARED = { ...POLICY, provider: { ...PROVIDER, callbackUrl: "https://login.test/.postern/oidc/callback" } };
/** Two hosts with one callback, on a third one. */
const twoHosts = (): ScriptedLogins => new ScriptedLogins({ "a.test": SHARED, "b.test": SHARED });

describe("the one-time code", () => {
  const codeFor = async (browser: ScriptedBrowser, site: string): Promise<string> =>
    (await browser.logIn(`${site}/`, isEntry)).location!;

  test("is of no use in another browser, and afterwards in none", async () => {
    const logins = oneHost();
    const victim = new ScriptedBrowser(logins);
    const code = await codeFor(victim, A);
    const thief = new ScriptedBrowser(logins);
    expect((await thief.send(code)).outcome).toBe(EXPIRED);
    await thief.send(`${A}/`);
    expect((await thief.send(code)).outcome).toBe(EXPIRED);
    expect((await victim.send(code)).outcome).toBe(EXPIRED);
  });

  test("is of no use to a thief that has begun a login of its own", async () => {
    const logins = oneHost();
    const [victim, thief] = [new ScriptedBrowser(logins), new ScriptedBrowser(logins)];
    await thief.send(`${A}/`);
    expect((await thief.send(await codeFor(victim, A))).outcome).toBe(EXPIRED);
    expect((await thief.send(`${A}/`)).outcome).toBe("→");
  });

  test("cannot be used twice", async () => {
    const browser = new ScriptedBrowser(oneHost());
    const code = await codeFor(browser, A);
    expect((await browser.send(code)).outcome).toBe("→");
    expect((await browser.send(code)).outcome).toBe(EXPIRED);
  });

  test("expires", async () => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    const code = await codeFor(browser, A);
    logins.now += CODE_LIMITS.lifetime;
    expect((await browser.send(code)).outcome).toBe(EXPIRED);
  });

  test("for one host is of no use on another", async () => {
    const logins = twoHosts();
    const browser = new ScriptedBrowser(logins);
    await browser.send(`${B}/`);
    const code = await codeFor(browser, A);
    expect((await browser.send(code.replace(A, B))).outcome).toBe(EXPIRED);
    expect((await browser.send(code)).outcome).toBe(EXPIRED);
  });

  test("is not used up by a HEAD request or another method", async () => {
    const browser = new ScriptedBrowser(oneHost());
    const code = await codeFor(browser, A);
    for (const method of ["HEAD", "POST", "PUT"])
      expect((await browser.send(code, { method })).outcome).toBe("405 PN_ROUTE_METHOD");
    expect((await browser.send(code)).outcome).toBe("→");
  });
});

describe("several hosts share one callback", () => {
  test("a login is handed over to the host for which it is", async () => {
    const logins = twoHosts();
    const browser = new ScriptedBrowser(logins);
    expect((await browser.logIn(`${A}/x`)).url).toBe(`${A}/x`);
    expect((await browser.logIn(`${B}/y`)).url).toBe(`${B}/y`);
    expect(new Set(logins.provider.logins.map(({ redirectUri }) => redirectUri))).toEqual(
      new Set(["https://login.test/.postern/oidc/callback"]),
    );
  });

  test("a login on one host is not valid on the other", async () => {
    const browser = new ScriptedBrowser(twoHosts());
    await browser.logIn(A);
    browser.jar.set("b.test", browser.cookies("a.test"));
    expect((await browser.send(B)).outcome).toBe("→");
  });

  test("the steps of the callback take place on its host only", async () => {
    const logins = twoHosts();
    const browser = new ScriptedBrowser(logins);
    const begun = await browser.send(`${A}/`);
    const moved = begun.location!.replace("https://login.test", A);
    expect((await browser.send(moved)).outcome).toBe(EXPIRED);
    const { location } = await browser.open(begun.location!);
    browser.jar.set("a.test", browser.cookies("login.test"));
    expect((await browser.send(callbackOf(location!, logins).replace("https://login.test", A))).outcome).toBe(EXPIRED);
  });
});

describe("a login that another browser has begun", () => {
  test("does not log a victim in (login CSRF)", async () => {
    const logins = oneHost();
    const [attacker, victim] = [new ScriptedBrowser(logins), new ScriptedBrowser(logins)];
    const code = (await attacker.logIn(`${A}/`, isEntry)).location!;
    expect((await victim.send(code)).outcome).toBe(EXPIRED);
    expect((await victim.send(`${A}/`)).outcome).toBe("→");
  });

  test("does not end at the callback of a victim", async () => {
    const logins = oneHost();
    const [attacker, victim] = [new ScriptedBrowser(logins), new ScriptedBrowser(logins)];
    const callback = callbackOf((await attacker.open(`${A}/`)).location!, logins);
    expect((await victim.send(callback)).outcome).toBe(EXPIRED);
    await victim.open(`${A}/`);
    expect((await victim.send(callback)).outcome).toBe(EXPIRED);
    expect(logins.provider.asked).toEqual([]);
  });

  test("does not log the attacker in when a victim completes it", async () => {
    const logins = oneHost();
    const [attacker, victim] = [new ScriptedBrowser(logins), new ScriptedBrowser(logins)];
    const link = (await attacker.send(`${A}/`)).location!;
    const { location } = await victim.open(link);
    const code = (await victim.open(callbackOf(location!, logins), isEntry)).location!;
    expect((await victim.send(code)).outcome).toBe(EXPIRED);
    expect((await attacker.send(code)).outcome).toBe(EXPIRED);
  });
});

test("what was in a browser before its login is worth nothing afterwards (session fixation)", async () => {
  const logins = oneHost();
  const [attacker, victim] = [new ScriptedBrowser(logins), new ScriptedBrowser(logins)];
  logins.provider.claimsOf = async () => ({ sub: "eve", email: "eve@shop.example", email_verified: true });
  await attacker.logIn(`${A}/`);
  victim.jar.set("a.test", new Map(attacker.cookies("a.test")));
  const before = new Map(victim.cookies("a.test"));
  logins.now += POLICY.maxAge;
  logins.provider.claimsOf = async () => ({ sub: "ann", email: "ann@shop.example", email_verified: true });
  const page = await victim.logIn(`${A}/`);
  expect(page.request.edits[0]!.lines).toContain("X-Forwarded-User: ann");
  expect([...attacker.cookies("a.test")]).toEqual([...before]);
  expect((await attacker.send(`${A}/`)).outcome).toBe("→");
});

describe("the address to return to is on the same host", () => {
  test.for([
    "//evil.test",
    "//evil.test/%2f..",
    "/\\evil.test",
    "/%2f%2fevil.test",
    "/%5cevil.test",
    "/%0d%0aLocation:%20https://evil.test",
    "/@evil.test",
    "/?next=https://evil.test",
  ])("%s", async (path) => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    const { location } = await browser.logIn(
      `${A}/.postern/oidc/switch?${new URLSearchParams({
        policy: logins.policy,
        path,
      }).toString()}`,
      (url) => url.startsWith("https://") && !url.includes(LOGIN_PATHS),
    );
    expect(location).toBe(`${A}${path}`);
    expect(new URL(location!).host).toBe("a.test");
  });

  test.for([
    "https://evil.test",
    "evil.test",
    "@evil.test",
    ".evil.test",
    ":8443/",
    "",
    "\\\\evil.test",
    "/\r\nX: y",
    "/ä",
    "/\t/evil.test",
    "/a b",
    `/${"a".repeat(2_001)}`,
  ])("%j is not returned to", async (path) => {
    const logins = oneHost();
    const browser = new ScriptedBrowser(logins);
    const query = new URLSearchParams({ policy: logins.policy, path }).toString();
    const { location } = await browser.logIn(`${A}/.postern/oidc/switch?${query}`, (url) => url === `${A}/`);
    expect(location).toBe(`${A}/`);
  });
});
