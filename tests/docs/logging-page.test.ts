import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { exchange, Origin, scratchFolder, until, type Exchange } from "@postern/testkit";
import { DocumentedPage, shell } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/logging.md", [
    ["files", "toml", /^file_logging = true$/m],
    ["levels", "toml", /^levels = /m],
    ["access log", "toml", /^format = "json"\nfile = .*access\.log"$/m],
    ["secrets", "toml", /^secret_parameters/m],
    ["filters", "toml", /^statuses/m],
    ["routes", "toml", /api\.log/],
    ["traces", "toml", /trace_context/],
    ["times", "toml", /server_timing/],
  ]);
});

interface Served {
  folder: string;
  /** Everything that it has printed until its end. */
  finalOutput: () => Promise<string>;
  ask: (path: string, headers?: Record<string, string>) => Promise<Exchange>;
  log: (name: string) => string;
  /** Waits until a log has lines. */
  lines: (name: string) => Promise<string>;
}

/** Runs an example, whose folder for logs is replaced, with a route unless it has one. */
async function served(example: string): Promise<Served> {
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) =>
    outgoing.writeHead(incoming.url === "/broken" ? 500 : 200).end(JSON.stringify(incoming.headers)),
  );
  const target = `http://127.0.0.1:${origin.port}`;
  const folder = scratchFolder(onTestFinished);
  mkdirSync(join(folder, "logs"));
  const text = page
    .example(example)
    .replaceAll("/var/log/postern", join(folder, "logs"))
    .replaceAll(/http:\/\/localhost:\d+/g, target);
  const route = text.includes("[[proxy]]") ? "" : `[[proxy]]\npath = "/*"\ntarget = "${target}"\n`;
  const defaults = `[tunnel.local_api]\nenabled = false\n`;
  writeFileSync(join(folder, "postern.toml"), `${text}\n${route}${defaults}`, { mode: 0o600 });
  const program = shell(onTestFinished, folder, "npx postern serve --listen 127.0.0.1:0");
  const port = Number(await program.waitFor("the port", () => /http:\/\/[\w.-]+:(\d+)/.exec(program.output)?.[1]));
  const log = (name: string): string => readFileSync(join(folder, "logs", name), "utf8");
  return {
    folder,
    async finalOutput() {
      await program.terminate();
      return program.output;
    },
    ask: (path, headers = {}) => exchange(port, { host: "a.example", path, headers }),
    log,
    lines: (name) =>
      until("lines", () => existsSync(join(folder, "logs", name)) && log(name).includes("\n") && log(name)),
  };
}

test("logs in files", async () => {
  const { folder, ask, log } = await served("files");
  await ask("/a");
  await until("the line", () => /GET \/a/.test(log("serve.log")));
  expect(statSync(join(folder, "logs/serve.log")).mode & 0o777).toBe(0o640);
});

test("levels of parts", async () => {
  const { ask, finalOutput } = await served("levels");
  await ask("/a");
  expect(await finalOutput()).not.toContain("GET");
});

test("an access log", async () => {
  const { ask, lines } = await served("access log");
  await ask("/a?token=canary");
  expect(JSON.parse(await lines("access.log"))).toMatchObject({ path: "/a?token=***", status: 200, route: "/*" });
});

test("secrets", async () => {
  const { ask, lines } = await served("secrets");
  await ask("/a?sid=canary&page=2");
  expect(await lines("access.log")).toContain('"GET /a HTTP/1.1" 200');
});

test("filters", async () => {
  const { ask, lines } = await served("filters");
  for (const path of ["/health", "/assets/a", "/fine", "/broken"]) await ask(path);
  expect((await lines("access.log")).match(/GET \/\w+/g)).toEqual(["GET /broken"]);
});

test("logs of routes", async () => {
  const { ask, lines, folder } = await served("routes");
  await ask("/internal/a");
  await ask("/api/a");
  expect(await lines("api.log")).toContain('"path":"/api/a"');
  expect(readdirSync(join(folder, "logs"))).toEqual(["api.log"]);
});

test("traces", async () => {
  const { ask } = await served("traces");
  const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const { body } = await ask("/a", { traceparent: given });
  const { traceparent } = JSON.parse(body.toString()) as Record<string, string>;
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  expect(traceparent).not.toBe(given);
});

test("times are for listed visitors", async () => {
  const { ask } = await served("times");
  expect((await ask("/a")).headers).not.toHaveProperty("server-timing");
});
