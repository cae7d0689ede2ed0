import { describe, expect, test } from "vitest";
import { outcome, stepRequest } from "../step-requests.suite.js";
import { LOGIN_PATHS } from "./logins.js";
import {
  callbackOf,
  isEntry,
  POLICY,
  PROVIDER,
  ScriptedBrowser,
  ScriptedLogins,
  type Visit,
} from "./scripted-logins.suite.js";

const REFUSED = "403 PN_ACCESS_HOST";
const EXPIRED = "403 PN_ACCESS_LOGIN_EXPIRED";

/** Routes whose provider sends all visitors back to one host. */
const routesOf = (callback: string, ...hosts: string[]): ScriptedLogins => {
  const provider = { ...PROVIDER, callbackUrl: `${callback}${LOGIN_PATHS}callback` };
  return new ScriptedLogins(Object.fromEntries(hosts.map((host) => [host, { ...POLICY, provider }])));
};

const tunnels = new Set(["https://shop.base.test:8443"]);
/** Tunnels of a server, whose visitors come back to the base domain. A gateway sends requests for any host to them. */
const tunnelLogins = (): ScriptedLogins =>
  new ScriptedLogins({ "*": { ...POLICY, provider: undefined } }, "secret", {
    provider: PROVIDER,
    shared: { callbackSite: () => "https://base.test:8443", isSite: (site) => tunnels.has(site) },
  });

interface Attacked {
  /** What the attacker gets for its first request. */
  readonly begun: Visit;
  /** The hosts to which the victim's browser is sent, after it opened the attacker's link. */
  readonly visited: string[];
  /** Who the target sees when the attacker requests the page afterwards. */
  readonly seen: string | undefined;
}

/** An attacker begins a login at `url`, a victim completes it, and the attacker uses the code that it can see. */
async function attack(logins: ScriptedLogins, url: string, page = url): Promise<Attacked> {
  const [attacker, victim] = [new ScriptedBrowser(logins), new ScriptedBrowser(logins)];
  const { host } = new URL(page);
  const begun = await attacker.send(url);
  const visited: string[] = [];
  if (begun.location !== undefined) {
    const until = (location: string): boolean => visited.push(new URL(location).host) > 0 && isEntry(location);
    const { location } = await victim.open(begun.location, until);
    const back = location === undefined ? undefined : await victim.open(callbackOf(location, logins), until);
    // The attacker's web server sees the requests for its own host only.
    if (back?.location !== undefined && new URL(back.location).host === host) await attacker.send(back.location);
  }
  const { request } = await attacker.send(page);
  return { begun, visited, seen: /X-Forwarded-User: (.*)\r\n/.exec(request.edits[0]?.lines ?? "")?.[1] };
}

describe("an attacker sends a visitor through a login that hands its code over to a host of the attacker", () => {
  test.for([
    ["a host that leads elsewhere, at a tunnel to which a gateway sends all hosts", "https://evil.test/"],
    ["an address of the server", "https://192.0.2.7/"],
    ["a name below the base domain that is no tunnel", "https://evil.base.test:8443/"],
    ["the host of a tunnel, at another port", "https://shop.base.test:9999/"],
    ["the host of a tunnel, at the default port", "https://shop.base.test/"],
    ["a host that ends like the base domain", "https://shop.base.test.evil.test:8443/"],
  ])("%s", async ([, url]) => {
    for (const [path, expected] of [
      ["", REFUSED],
      [`${LOGIN_PATHS.slice(1)}switch?policy=${tunnelLogins().policy}`, EXPIRED],
    ] as const) {
      const { begun, visited, seen } = await attack(tunnelLogins(), `${url}${path}`, url);
      expect([begun.outcome, visited, seen]).toEqual([expected, [], undefined]);
    }
  });

  test.for([
    ["another host, with the policy of a route", "https://evil.test/"],
    ["the host of a route, at another port", "https://app.test:9999/"],
    ["the host of a route, over HTTP", "http://app.test/"],
    ["an IP address", "https://192.0.2.7/"],
    ["a host below that of a route", "https://evil.app.test/"],
    ["a host with the beginning of a route's", "https://app.test.evil.test/"],
    ["credentials in front of a host", "https://app.test@evil.test/"],
  ])("%s", async ([, url]) => {
    const logins = routesOf("https://login.test:8443", "app.test");
    const path = `${LOGIN_PATHS.slice(1)}switch?policy=${logins.policy}`;
    const { begun, visited, seen } = await attack(logins, `${url}${path}`, url);
    expect([begun.location, visited, seen]).toEqual([undefined, [], undefined]);
  });

  test("the host of a route at another port is refused on every page", async () => {
    const logins = routesOf("https://login.test", "app.test");
    const { begun, visited, seen } = await attack(logins, "https://app.test:8443/x");
    expect([begun.outcome, visited, seen]).toEqual([REFUSED, [], undefined]);
  });
});

test("a login that has begun is not handed over when its host is no longer one of the tunnels", async () => {
  tunnels.add("https://gone.base.test:8443");
  const logins = tunnelLogins();
  const browser = new ScriptedBrowser(logins);
  const { location } = await browser.open("https://gone.base.test:8443/");
  tunnels.delete("https://gone.base.test:8443");
  expect((await browser.open(callbackOf(location!, logins))).outcome).toBe(EXPIRED);
  expect(logins.provider.asked).toEqual([]);
});

test("a link of a login is worth nothing when its host is no longer one of the tunnels", async () => {
  tunnels.add("https://gone.base.test:8443");
  const logins = tunnelLogins();
  const browser = new ScriptedBrowser(logins);
  const { location } = await browser.send("https://gone.base.test:8443/");
  tunnels.delete("https://gone.base.test:8443");
  expect((await browser.send(location!)).outcome).toBe(EXPIRED);
});

describe("visitors log in", () => {
  test.for([
    ["https://login.test", "https://app.test/x"],
    ["https://login.test:8443", "https://app.test:8443/x"],
    ["https://login.test:8443", "https://app.test/x"],
    ["https://login.test", "https://login.test/x"],
    ["http://login.localhost:8080", "http://app.localhost:8080/x"],
  ])("with the callback of %s at %s", async ([callback = "", url = ""]) => {
    const browser = new ScriptedBrowser(routesOf(callback, new URL(url).hostname));
    expect(await browser.logIn(url)).toMatchObject({ url, outcome: "admitted" });
  });

  test("at the public address of a tunnel, also through the route of a gateway", async () => {
    const logins = tunnelLogins();
    const url = "https://shop.base.test:8443/x";
    const browser = new ScriptedBrowser(logins);
    expect(await browser.logIn(url)).toMatchObject({ url, outcome: "admitted" });
    // The gateway that is in front has no logins, so that the step gets the code.
    const { location } = await new ScriptedBrowser(logins).logIn(url, isEntry);
    const { pathname, search } = new URL(location!);
    const request = stepRequest({ site: "https://shop.base.test:8443", path: pathname + search }, {});
    expect(outcome(await logins.stepOf("shop.base.test")!.check(request))).toBe(EXPIRED);
  });
});

test("one callback for routes without an exact host is refused", () => {
  for (const host of ["*", "*.test"])
    expect(() => routesOf("https://login.test", host)).toThrow(/need a host without a wildcard/);
});
