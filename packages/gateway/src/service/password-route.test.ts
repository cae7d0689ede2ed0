import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { Cleanup, exchange, type Exchange, type Origin } from "@postern/testkit";
import type { GatewayService } from "./gateway-service.js";
import type { RouteOptions } from "./service-options.js";
import { forward, namedOrigin, portOf, startService } from "./started-service.suite.js";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const HASH = `{SHA}${createHash("sha1").update("right").digest("base64")}`;
const HTML = { accept: "text/html" };

/** A gateway with one route that has a password, and one that has none. */
class Guarded {
  readonly secret: Origin;
  readonly open: Origin;
  service!: GatewayService;

  constructor(secret: Origin, open: Origin) {
    this.secret = secret;
    this.open = open;
  }

  static async start(match: Partial<RouteOptions["match"]> = {}): Promise<Guarded> {
    const names = ["secret", "open"].map((name) => namedOrigin(cleanup.defer, name));
    const guarded = new Guarded(...((await Promise.all(names)) as [Origin, Origin]));
    guarded.service = await startService(cleanup.defer, {
      routes: guarded.routes(HASH, match),
      cookieKey: () => "key",
    });
    return guarded;
  }

  routes(hash = HASH, match: Partial<RouteOptions["match"]> = {}): RouteOptions[] {
    const route = forward("/secret/*", this.secret.port);
    return [
      { ...route, match: { ...route.match, ...match }, steps: { password: { hash } } },
      forward("/open/*", this.open.port),
    ];
  }

  ask(path: string, headers: Record<string, string> = {}, body?: string, method = "GET"): Promise<Exchange> {
    return exchange(portOf(this.service.address), {
      host: "a.test",
      path,
      headers,
      method,
      ...(body !== undefined && { body }),
    });
  }

  /** Enters a password on the page. */
  async enter(password: string, path = "/secret/"): Promise<Exchange> {
    const page = (await this.ask(path, HTML)).body.toString();
    const [, action = ""] = /action="([^"]+)"/.exec(page) ?? [];
    const [, to = ""] = /name="to" value="([^"]*)"/.exec(page) ?? [];
    return this.ask(action, HTML, new URLSearchParams({ password, to }).toString(), "POST");
  }

  async logIn(): Promise<string> {
    const { headers } = await this.enter("right");
    return headers["set-cookie"]![0]!.split(";")[0]!;
  }
}

test("a login leads to the target, which sees neither the password nor the cookie", async () => {
  const guarded = await Guarded.start();
  const entered = await guarded.enter("right", "/secret/a?b=c");
  expect([entered.status, entered.headers.location]).toEqual([303, "/secret/a?b=c"]);
  expect(guarded.secret.requests).toHaveLength(0);
  const cookie = entered.headers["set-cookie"]![0]!.split(";")[0]!;
  const seen = await guarded.ask("/secret/a", { cookie: `a=1; ${cookie}; b=2` });
  expect(seen.body.toString()).toBe("secret");
  expect(guarded.secret.last.headers.cookie).toBe("a=1; b=2");
  expect((await guarded.enter("wrong")).status).toBe(401);
  expect(guarded.secret.requests).toHaveLength(1);
});

test("the targets of other routes do not get the cookie, which would be valid there", async () => {
  const guarded = await Guarded.start();
  const cookie = await guarded.logIn();
  await guarded.ask("/open/", { cookie: `${cookie}; a=1` });
  expect(guarded.open.last.headers.cookie).toBe("a=1");
  await guarded.ask("/open/", { cookie });
  expect(guarded.open.last.headers.cookie).toBeUndefined();
});

test.each([{ methods: ["GET"] }, { path: "/secret/one" }, { headers: new Map([["accept", "*"]]) }, { host: "a.test" }])(
  "a route with %o takes a password as well",
  async (match) => {
    const guarded = await Guarded.start(match);
    expect((await guarded.enter("right", "/secret/one")).status).toBe(303);
    expect(guarded.secret.requests).toHaveLength(0);
  },
);

test("a reload keeps logins; another password ends them", async () => {
  const guarded = await Guarded.start();
  const cookie = await guarded.logIn();
  const status = async (): Promise<number> => (await guarded.ask("/secret/", { cookie })).status;
  guarded.service.replaceRoutes(guarded.routes().map((route) => ({ ...route, afterEndpoints: true })));
  expect(await status()).toBe(200);
  guarded.service.replaceRoutes(guarded.routes("{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
  expect(await status()).toBe(401);
  guarded.service.replaceRoutes([forward("/secret/*", guarded.secret.port)]);
  expect(await status()).toBe(200);
  expect((await guarded.ask("/.postern/password/logout")).status).toBe(404);
});

test("logging out removes the cookie", async () => {
  const guarded = await Guarded.start();
  const cookie = await guarded.logIn();
  const { status, headers } = await guarded.ask("/.postern/password/logout", { cookie });
  expect([status, headers.location, headers["set-cookie"]]).toEqual([
    303,
    "/",
    [expect.stringMatching(new RegExp(`^${cookie.split("=")[0]}=; Path=/; Max-Age=0;`))],
  ]);
});

test("the page is for browsers, and programs get a text", async () => {
  const guarded = await Guarded.start();
  const page = await guarded.ask("/secret/", HTML);
  expect(page.status).toBe(401);
  expect(page.headers).toMatchObject({
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "postern-error": "PN_ACCESS_PASSWORD_PAGE",
  });
  expect(page.headers["content-security-policy"]).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  for (const accept of ["*/*", "application/json"]) {
    const text = await guarded.ask("/secret/", { accept });
    expect([text.status, text.body.toString().includes("<form")]).toEqual([401, false]);
    expect(text.body.toString()).toContain("PN_ACCESS_PASSWORD_PAGE");
  }
  const hostile = await guarded.ask(`/secret/"><script>alert(1)</script>`, HTML);
  expect(hostile.body.toString()).not.toContain("<script");
});

test("a form with more than 4 KiB is refused before it is read", async () => {
  const guarded = await Guarded.start();
  expect((await guarded.enter("x".repeat(5_000))).status).toBe(413);
});
