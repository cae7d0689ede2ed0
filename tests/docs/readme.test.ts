import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  exchange,
  inheritedEnvironment,
  needs,
  Program,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  TEST_KEY,
} from "@postern/testkit";
import { DocumentedPage, ROOT, shell } from "./documented-page.ts";

let readme: DocumentedPage;

beforeAll(() => {
  readme = new DocumentedPage("README.md", [
    ["demo", "sh", /^npm ci && npx postern demo$/m],
    ["test", "sh", /^npm ci && npm test$/m],
    ["client", "sh", /npx postern http /],
    ["server", "sh", /npx postern server /],
    ["sdk", "js", /from "@postern\/client"/],
  ]);
});

test("README.md has at most 150 lines", () => {
  expect(readme.text.split("\n").length - 1).toBeLessThanOrEqual(150);
});

test("the first command, which ends by itself with --once", async (context) => {
  const demo = shell(context.onTestFinished, ROOT, `${readme.example("demo", { "npm ci && ": "" })} --once`);
  await demo.ends(0);
});

test("the second command is the one that runs this test", () => {
  expect(readme.example("test")).toContain("npm test");
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  expect(scripts["test"]).toMatch(/\bvitest run$/);
});

test("a server and a client as README.md starts them", async (context) => {
  needs(context, "openssl");
  const folder = scratchFolder(onTestFinished);
  const port = await claimPort();
  const origin = await startEchoOrigin(onTestFinished);
  const server = shell(
    context.onTestFinished,
    folder,
    readme.example("server", { "0.0.0.0:8080": `127.0.0.1:${port}`, "tunnel.example.com": "localhost" }),
  );
  await server.waitFor(
    "health",
    async () => (await exchange(port, { host: "localhost", path: "/health" })).status === 200,
  );
  const [, file = ""] = /--api-keys-file (\S+)/.exec(readme.example("server")) ?? [];
  const [, key = ""] = readFileSync(join(folder, file), "utf8").trim().split(" ");

  const client = shell(
    context.onTestFinished,
    folder,
    readme.example("client", {
      "tunnel.example.com:8080": `localhost:${port}`,
      "=…": `=${key}`,
      "http 3000": `http ${origin.port}`,
    }),
  );
  const url = `http://my-app.localhost:${port}`;
  await client.waitFor("the public address", () => client.stdout.includes(url));
  const { status } = await exchange(port, { host: new URL(url).host, path: "/from-readme" });
  expect(status).toBe(200);
  await client.waitFor("a line for the request", () => client.stdout.includes("/from-readme"));
});

test("the program with the SDK", async (context) => {
  const folder = scratchFolder(onTestFinished);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const server = await ServerProcess.start(onTestFinished);
  const origin = await startEchoOrigin(onTestFinished);
  const replacements = { "https://tunnel.example.com": server.url, "local: 3000": `local: ${origin.port}` };
  writeFileSync(join(folder, "program.mjs"), readme.example("sdk", replacements));
  const program = new Program(context.onTestFinished, process.execPath, {
    args: ["program.mjs"],
    cwd: folder,
    env: inheritedEnvironment({ POSTERN_API_KEY: TEST_KEY }),
  });
  await program.ends(0);
  expect(program.stdout).toMatch(new RegExp(`^http://[a-z-]+\\.localhost:${server.port}\\n$`));
});
