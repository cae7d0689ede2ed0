import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, needs, Origin, Published, ServerProcess, startEchoOrigin } from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";

const BASE = "tunnel.example.com";
const OWN = ["own=1; Path=/; HttpOnly", `named=1; Domain=shop.${BASE}`];
const SHARED = [
  `base=1; Domain=${BASE}`,
  `dotted=1; domain = .${BASE.toUpperCase()} ; Path=/`,
  "above=1; Domain=example.com",
  `last=1; Domain=shop.${BASE}; Domain=${BASE}`,
];
const HINT = `early=1; Domain=${BASE}`;

const cleanup = new Cleanup();
let origin: Origin;
beforeAll(async () => {
  origin = await Origin.start(cleanup.defer, (_, outgoing) => {
    outgoing.writeEarlyHints({ link: "</a>", "set-cookie": HINT });
    outgoing.setHeader("set-cookie", [...SHARED, ...OWN]).end("sweet");
  });
});
afterAll(() => cleanup.run());

/** Cookies that arrive from the origin's tunnel on a new server, in its interim and its final response. */
async function cookies(env: Record<string, string>): Promise<{ arrived: string[]; site: Published }> {
  const server = await ServerProcess.start(onTestFinished, { domain: BASE, env });
  const site = await Published.start(onTestFinished, origin.port, { server, subdomain: "shop" });
  for (let visits = 0; visits < 2; visits++) await site.visit("/");
  const text = await (await site.ask(onTestFinished, "GET /")).read("sweet");
  return { arrived: [...text.matchAll(/^set-cookie: (.*)\r$/gim)].map(([, value = ""]) => value), site };
}

test("a service cannot set cookies that other tunnels receive, which both logs name once", async () => {
  const { arrived, site } = await cookies({});
  expect(arrived).toEqual(OWN);
  const { data } = await site.client.event("http_request", 3);
  expect(data).toMatchObject({ repairs: ["shared_cookie"] });
  for (const program of [site.server.program, site.client.program]) {
    const found = (): string[] | undefined =>
      program.output.match(/shared_cookie\)|repair=shared_cookie/g) ?? undefined;
    expect(await program.waitFor("the reason", found)).toHaveLength(1);
  }
});

test("where all tunnels have one owner, the operator can allow such cookies", async () => {
  const { arrived } = await cookies({ POSTERN_TUNNEL_SERVER_PARENT_DOMAIN_COOKIES: "allow" });
  expect(arrived).toEqual([HINT, ...SHARED, ...OWN]);
});

test("in a browser, cookies that a script sets reach all tunnels, but do not make the server's own pages fail", async (context) => {
  needs(context, "chromium");
  const domain = "tunnel.localhost";
  const server = await ServerProcess.start(onTestFinished, { domain });
  const shop = await Origin.start(onTestFinished, (_, outgoing) => {
    outgoing.setHeader("set-cookie", ["own=1", `shared=1; Domain=${domain}`]).end("shop");
  });
  const echo = await startEchoOrigin(onTestFinished);
  await Published.start(onTestFinished, shop.port, { server, subdomain: "shop" });
  await Published.start(onTestFinished, echo.port, { server, subdomain: "other" });
  const { page } = await openPage(onTestFinished, await openBrowser(onTestFinished));
  const status = async (host: string): Promise<number | undefined> =>
    (await page.goto(`http://${host}:${server.port}/`))?.status();

  expect(await status(`shop.${domain}`)).toBe(200);
  expect(await status(`other.${domain}`)).toBe(200);
  expect(echo.last.headers).not.toHaveProperty("cookie");

  await status(`shop.${domain}`);
  const stored = await page.evaluate((base) => {
    for (let n = 0; n < 200; n++) document.cookie = `bomb${n}=${"x".repeat(4_000)}; Domain=${base}; Path=/`;
    return document.cookie.length;
  }, domain);
  expect(stored).toBeGreaterThan(600_000);
  expect(await status(`other.${domain}`)).toBe(431);
  expect(await status(domain)).toBe(200);
  expect(await status(`nobody.${domain}`)).toBe(404);
});
