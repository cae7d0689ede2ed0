import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, Origin, Published, ServerProcess } from "@postern/testkit";

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
  for (const { output } of [site.server.program, site.client.program])
    expect(output.match(/shared_cookie\)|repair=shared_cookie/g)).toHaveLength(1);
});

test("where all tunnels have one owner, the operator can allow such cookies", async () => {
  const { arrived } = await cookies({ POSTERN_TUNNEL_SERVER_PARENT_DOMAIN_COOKIES: "allow" });
  expect(arrived).toEqual([HINT, ...SHARED, ...OWN]);
});
