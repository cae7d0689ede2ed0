import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  exchange,
  needs,
  Origin,
  scratchFolder,
  until,
  type Program,
} from "@postern/testkit";
import { DocumentedPage, shell } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/gateway.md", [
    ["routes", "toml", /5173/],
    ["serve", "sh", /^npx postern serve --listen 127\.0\.0\.1:8080$/],
    ["conditions", "toml", /methods = /],
    ["explain", "sh", /config explain GET/],
    ["explain conditions", "sh", /--header "X-Version: 2" --from/],
    ["own answers", "toml", /redirect = /],
    ["targets", "toml", /targets = /],
    ["strategy", "toml", /strategy = "least_connections"/],
    ["ejection", "toml", /passive_health/],
    ["health", "toml", /http_health/],
    ["breaker", "toml", /failure_threshold = 5/],
    ["https", "toml", /https_port/],
  ]);
});

/** A folder with an example as its configuration. */
function configured(text: string): string {
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "postern.toml"), text, { mode: 0o600 });
  return folder;
}

/** Runs the page's command in the folder, and returns its port. */
async function served(folder: string): Promise<{ program: Program; port: number }> {
  const program = shell(onTestFinished, folder, page.example("serve", { "127.0.0.1:8080": "127.0.0.1:0" }));
  const [, port = ""] = await program.waitFor(
    "the address",
    () => /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.output) ?? undefined,
  );
  return { program, port: Number(port) };
}

test("the first routes are served by the command of the page", async () => {
  const [api, site] = [await echo("api"), await echo("site")];
  const folder = configured(
    page.example("routes", { "localhost:3000": `127.0.0.1:${api.port}`, "localhost:5173": `127.0.0.1:${site.port}` }),
  );
  const { program, port } = await served(folder);
  const ask = async (path: string): Promise<string> => (await exchange(port, { host: "a", path })).body.toString();
  expect([await ask("/api/users"), await ask("/about")]).toEqual(["api /users", "site /about"]);
  expect((await exchange(port, { host: "a", path: "/health" })).body.toString()).toBe("site /health");
  await program.terminate();
});

test("conditions choose the route, and the explanation names it", async () => {
  const [orders, rest] = [await echo("orders"), await echo("rest")];
  const folder = configured(
    page.example("conditions", {
      "localhost:3001": `127.0.0.1:${orders.port}`,
      "localhost:3002": `127.0.0.1:${rest.port}`,
    }),
  );
  const { port } = await served(folder);
  const ask = async (host: string, path: string, headers = {}): Promise<string> =>
    (await exchange(port, { host, path, headers })).body.toString();
  expect(await ask("shop.example.com", "/orders/7", { "X-Version": "2" })).toBe("orders /7");
  expect(await ask("shop.example.com", "/orders/7")).toBe("rest /orders/7");
  expect(await ask("a.b.example.com", "/")).toBe("rest /");
  const explained = shell(onTestFinished, folder, page.example("explain"));
  await explained.ends(0);
  expect(explained.stdout).toMatch(/needs header x-version 2\n.*\*\.example\.com\/\* .*takes it/);
  const matching = shell(onTestFinished, folder, page.example("explain conditions"));
  await matching.ends(0);
  expect(matching.stdout).toMatch(new RegExp(`127\\.0\\.0\\.1:${orders.port} {2}gets {2}GET /7 `));
});

test("redirects and fixed answers", async () => {
  const { port } = await served(configured(page.example("own answers")));
  const old = await exchange(port, { host: "a", path: "/old/x?y" });
  expect([old.status, old.headers.location]).toEqual([301, "/new/x?y"]);
  expect((await exchange(port, { host: "a", path: "/robots.txt" })).body.toString()).toBe(
    "User-agent: *\nDisallow: /\n",
  );
});

test("several targets take the requests in turn", async () => {
  const [one, two] = [await echo("one"), await echo("two")];
  const { port } = await served(
    configured(
      page.example("targets", { "10.0.0.5:8000": `127.0.0.1:${one.port}`, "10.0.0.6:8000": `127.0.0.1:${two.port}` }),
    ),
  );
  const bodies = [];
  for (let n = 0; n < 4; n++) bodies.push((await exchange(port, { host: "a", path: "/x" })).body.toString());
  expect(bodies.toSorted()).toEqual(["one /x", "one /x", "two /x", "two /x"]);
});

test("a strategy selects the target with fewer requests in progress for its weight", async () => {
  let finish = (): void => {};
  const one = await Origin.start(onTestFinished, (incoming, outgoing) => {
    if (incoming.url === "/wait") finish = () => outgoing.end("one");
    else outgoing.end("one");
  });
  const two = await echo("two");
  const { port } = await served(
    configured(
      page.example("strategy", { "10.0.0.5:8000": `127.0.0.1:${two.port}`, "10.0.0.6:8000": `127.0.0.1:${one.port}` }),
    ),
  );
  const ask = async (path: string): Promise<string> => (await exchange(port, { host: "a", path })).body.toString();
  // Equal targets take turns: one of two requests in a row goes to each.
  await ask("/first");
  const waiting = [ask("/wait"), ask("/wait")];
  await until("a request in progress", () => one.requests.some(({ url }) => url === "/wait"));
  for (let n = 0; n < 4; n++) expect(await ask("/x")).toBe("two /x");
  finish();
  await Promise.all(waiting);
});

test("a target whose requests fail more often than those to the other one is ejected", async () => {
  const flaky = await Origin.start(onTestFinished, (_, outgoing) => {
    outgoing.writeHead(flaky.requests.length % 2 === 0 ? 503 : 200).end("flaky");
  });
  const sound = await echo("sound");
  const example = page.example("ejection", {
    "10.0.0.5:8000": `127.0.0.1:${flaky.port}`,
    "10.0.0.6:8000": `127.0.0.1:${sound.port}`,
  });
  const { program, port } = await served(configured(example));
  const bodies: string[] = [];
  await until("the flaky target to get no more requests", async () => {
    bodies.push((await exchange(port, { host: "a", path: "/x" })).body.toString());
    return bodies.length > 20 && bodies.slice(-10).every((body) => body === "sound /x");
  });
  expect(program.output).toMatch(/gets no requests for a while: \d+ % of its last requests have succeeded, and 100 %/);
});

test("health checks ask each target for its path", async () => {
  const [one, two] = [await echo("one"), await echo("two")];
  await served(
    configured(
      page.example("health", { "10.0.0.5:8000": `127.0.0.1:${one.port}`, "10.0.0.6:8000": `127.0.0.1:${two.port}` }),
    ),
  );
  for (const { requests } of [one, two])
    await until("a health check", () => requests.some(({ url }) => url === "/health"));
});

test("a circuit breaker keeps requests away from a target that fails", async () => {
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.writeHead(500).end());
  const { port } = await served(configured(page.example("breaker", { "localhost:3000": `127.0.0.1:${origin.port}` })));
  const answers = [];
  for (let n = 0; n < 7; n++) answers.push(await exchange(port, { host: "a" }));
  expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500, 500, 503, 503]);
  expect(Number(answers.at(-1)?.headers["retry-after"])).toBeGreaterThan(20);
  expect(origin.requests).toHaveLength(5);
});

test("HTTPS with a redirect", async (context) => {
  needs(context, "openssl");
  const secure = await claimPort();
  const origin = await echo("site");
  const example = page.example("https", { "https_port = 443": `https_port = ${secure}`, "default_port = 80": "" });
  const folder = configured(`${example}\n[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:${origin.port}"\n`);
  const files = new CertificateAuthority(onTestFinished).issue({ names: ["shop.example"] });
  for (const [name, path] of [
    ["gateway.pem", files.certificate],
    ["gateway.key", files.key],
  ] as const)
    writeFileSync(join(folder, name), readFileSync(path), { mode: 0o600 });
  const { port } = await served(folder);
  const redirect = await exchange(port, { host: "shop.example", path: "/a" });
  expect([redirect.status, redirect.headers.location]).toEqual([301, `https://shop.example:${secure}/a`]);
  expect((await exchange(port, { host: "shop.example", path: "/.well-known/x" })).body.toString()).toBe(
    "site /.well-known/x",
  );
});

/** An origin that answers with its name and the path that it got. */
function echo(name: string): Promise<Origin> {
  return Origin.start(onTestFinished, (incoming, outgoing) => outgoing.end(`${name} ${incoming.url}`));
}
