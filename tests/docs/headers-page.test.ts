import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  exchange,
  Origin,
  scratchFolder,
  ServerProcess,
  TEST_KEY,
  until,
  type Exchange,
  type Program,
} from "@postern/testkit";
import { DocumentedPage, shell } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/headers.md", [
    ["headers", "toml", /remove_request_headers/],
    ["security", "toml", /security_headers = true/],
    ["ids", "toml", /request_id/],
    ["cors", "toml", /allow_origins/],
    ["errors", "toml", /error_pages/],
    ["maintenance", "toml", /maintenance/],
    ["flags", "sh", /--request-header/],
    ["endpoint", "toml", /request_headers = /],
  ]);
});

type Ask = (path: string, headers?: Record<string, string>, method?: string) => Promise<Exchange>;

/** Runs `postern serve` with an example, and an origin in place of its target. */
async function served(
  name: string,
  files: Record<string, string> = {},
  replaced: Record<string, string> = {},
): Promise<{ origin: Origin; ask: Ask; program: Program; folder: string }> {
  const folder = scratchFolder(onTestFinished);
  const origin = await Origin.start(onTestFinished, ({ url }, outgoing) => {
    outgoing.statusCode = url === "/missing" ? 404 : 200;
    outgoing.setHeader("Server", "origin");
    outgoing.setHeader("X-Frame-Options", "DENY");
    outgoing.setHeader("Access-Control-Allow-Origin", "https://evil.example");
    outgoing.end("origin");
  });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { mode: 0o600 });
  const text = page.example(name, { "localhost:3000": `127.0.0.1:${origin.port}`, ...replaced });
  writeFileSync(join(folder, "postern.toml"), text, { mode: 0o600 });
  const program = shell(onTestFinished, folder, "npx postern serve --listen 127.0.0.1:0");
  const [, port = ""] = await program.waitFor(
    "the address",
    () => /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.output) ?? undefined,
  );
  const ask: Ask = (path, headers = {}, method = "GET") => exchange(Number(port), { host: "a", path, headers, method });
  return { origin, ask, program, folder };
}

test("headers are set and removed on the way to the target and back", async () => {
  const { origin, ask } = await served("headers");
  const { headers } = await ask("/", { "x-internal-debug": "1", "x-client": "forged" });
  expect(origin.last.headers).toMatchObject({ "x-gateway": "edge-1", "x-client": "127.0.0.1" });
  expect(origin.last.headers).not.toHaveProperty("x-internal-debug");
  expect(headers["cache-control"]).toBe("private");
  expect(headers).not.toHaveProperty("server");
});

test("security headers are added, and those of the target remain", async () => {
  const { ask } = await served("security");
  const { headers } = await ask("/");
  expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "x-frame-options": "DENY" });
  expect(headers).not.toHaveProperty("strict-transport-security");
});

test("visitor and target get the same id", async () => {
  const { origin, ask } = await served("ids");
  const { headers } = await ask("/", { "x-correlation-id": "forged" });
  expect(origin.last.headers["x-request-id"]).toBe(headers["x-request-id"]);
  expect(origin.last.headers["x-correlation-id"]).toBe(headers["x-request-id"]);
});

test("only the pages of the named origin may use the route, and preflight requests reach no target", async () => {
  const { origin, ask } = await served("cors");
  const asked = { "access-control-request-method": "PUT" };
  const allowed = await ask("/api/x", { origin: "https://app.example.com", ...asked }, "OPTIONS");
  expect(allowed.headers).toMatchObject({
    "access-control-allow-origin": "https://app.example.com",
    "access-control-allow-credentials": "true",
  });
  const refused = await ask("/api/x", { origin: "https://evil.example", ...asked }, "OPTIONS");
  expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([204, undefined]);
  expect(origin.requests).toHaveLength(0);
  const { headers } = await ask("/api/x", { origin: "https://evil.example" });
  expect([headers["access-control-allow-origin"], headers["vary"]]).toEqual([undefined, "Origin"]);
});

test("browsers get the error pages, programs get the response of the target", async () => {
  const { ask } = await served("errors", { "not-found.html": "<h1>No {status}", "error.html": "<h1>Down: {code}" });
  const html = { accept: "text/html" };
  const missing = await ask("/missing", html);
  expect([missing.status, missing.body.toString()]).toEqual([404, "<h1>No 404"]);
  expect((await ask("/missing")).body.toString()).toBe("origin");
  expect((await ask("/", html)).body.toString()).toBe("origin");
});

test("during maintenance, only the named addresses are served, until the file says otherwise", async () => {
  const files = { "maintenance.html": "<h1>Soon" };
  const { ask, origin, folder } = await served("maintenance", files);
  const refused = await ask("/", { accept: "text/html" });
  expect([refused.status, refused.headers["retry-after"], refused.body.toString()]).toEqual([503, "600", "<h1>Soon"]);
  expect(origin.requests).toHaveLength(0);
  const text = page.example("maintenance", {
    "localhost:3000": `127.0.0.1:${origin.port}`,
    "enabled = true": "enabled = false",
  });
  writeFileSync(join(folder, "postern.toml"), text, { mode: 0o600 });
  await until("the reload", async () => (await ask("/")).status === 200);
  const allowed = await served("maintenance", files, { "192.0.2.0/24": "127.0.0.0/8" });
  expect((await allowed.ask("/")).status).toBe(200);
});

test("the headers of a tunnel are set by its server, for flags and for a file", async () => {
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  const server = await ServerProcess.start(onTestFinished);
  const folder = scratchFolder(onTestFinished);
  const environment = `POSTERN_API_KEY=${TEST_KEY} POSTERN_SERVER_URL=${server.url} XDG_STATE_HOME=${folder}`;
  const flags = page.example("flags", { "http 3000": `http ${origin.port} --subdomain flags` });
  shell(onTestFinished, folder, `export ${environment}; ${flags}`);
  const replaced = { "https://tunnel.example.com": server.url, "local = 3000": `local = ${origin.port}` };
  writeFileSync(join(folder, "client.toml"), page.example("endpoint", replaced), { mode: 0o600 });
  shell(onTestFinished, folder, `export ${environment}; npx postern start --config client.toml`);
  for (const name of ["flags", "shop"]) {
    const ask = (): Promise<Exchange> =>
      exchange(server.port, { host: `${name}.localhost`, headers: { "x-stage": "forged" } });
    await until("the tunnel", async () => (await ask()).status === 200);
    const { headers } = await ask();
    expect(headers["cache-control"]).toBe("no-store");
    expect(origin.last.headers["x-stage"]).toBe("test");
    if (name === "shop") expect(origin.last.headers["x-client"]).toBe("127.0.0.1");
  }
});
