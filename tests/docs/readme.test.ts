import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test, type TestContext } from "vitest";
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

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "packages/cli/bin/postern.js");

/** The examples in README.md, in its order, by what makes each unmistakable. */
const EXAMPLES: [name: string, language: string, mark: RegExp][] = [
  ["demo", "sh", /^npm ci && npx postern demo$/],
  ["test", "sh", /^npm ci && npm test$/],
  ["server", "sh", /npx postern server /],
  ["client", "sh", /npx postern http /],
  ["file", "toml", /^api_key_file = /m],
  ["certificates", "sh", /^npx postern cert dev$/],
  ["https server", "toml", /^\[tunnel\.server\.ssl\]$/m],
  ["https client", "toml", /^method = "certificate"$/m],
  ["checks", "sh", /^npx postern auth check/],
  ["sdk", "js", /from "@postern\/client"/],
];

const found = new Map<string, string>();
let readme = "";

beforeAll(() => {
  readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```(sh|toml|js)\n([^]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    language,
    text: text.trim(),
  }));
  expect(blocks.length, "examples in README.md; each is run here, so a new one needs its test").toBe(EXAMPLES.length);
  for (const [index, [name, language, mark]] of EXAMPLES.entries()) {
    const block = blocks[index];
    expect(block?.language).toBe(language);
    expect(block?.text).toMatch(mark);
    found.set(name, block?.text ?? "");
  }
});

/** The example with what is the reader's own put in; everything that is replaced must be there. */
function example(name: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce(
    (text, [from, to]) => {
      expect(text).toContain(from);
      return text.replaceAll(from, to);
    },
    found.get(name) ?? "",
  );
}

/** Runs shell text as written, with this tree's command behind npx. */
function shell(context: TestContext, cwd: string, text: string): Program {
  const prelude = `npx() { [ "$1" = postern ] && shift && exec "${process.execPath}" "${BIN}" "$@"; }\n`;
  return new Program(context.onTestFinished, "sh", {
    args: ["-euc", prelude + text],
    cwd,
    env: inheritedEnvironment(),
  });
}

test("the first command, which ends by itself with --once", async (context) => {
  const demo = shell(context, ROOT, `${example("demo", { "npm ci && ": "" })} --once`);
  await demo.ends(0);
});

test("the second command is the one that runs this test", () => {
  expect(found.get("test")).toContain("npm test");
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
    context,
    folder,
    example("server", { "0.0.0.0:8080": `127.0.0.1:${port}`, "tunnel.example.com": "localhost" }),
  );
  await server.waitFor(
    "health",
    async () => (await exchange(port, { host: "localhost", path: "/health" })).status === 200,
  );
  const [, file = ""] = /--api-keys-file (\S+)/.exec(found.get("server") ?? "") ?? [];
  const [, key = ""] = readFileSync(join(folder, file), "utf8").trim().split(" ");

  const client = shell(
    context,
    folder,
    example("client", {
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

test("the configuration file, started", async (context) => {
  const server = await ServerProcess.start(onTestFinished);
  const origin = await startEchoOrigin(onTestFinished);
  const folder = scratchFolder(onTestFinished);
  const text = example("file", { "https://tunnel.example.com": server.url, "local = 3000": `local = ${origin.port}` });
  writeFileSync(join(folder, "postern.toml"), text, { mode: 0o600 });
  writeFileSync(join(folder, "postern.key"), TEST_KEY, { mode: 0o600 });
  const start = shell(context, folder, "npx postern start");
  await start.waitFor("the tunnel", async () => {
    const { status } = await exchange(server.port, { host: `my-app.localhost:${server.port}` });
    return status === 200;
  });
});

test("a server and a client with certificates of one's own, and what looks at them", async (context) => {
  const folder = scratchFolder(onTestFinished);
  const [port, origin] = [await claimPort(), await startEchoOrigin(onTestFinished)];
  await shell(context, folder, example("certificates", {})).ends(0);
  const own = { 8443: String(port) };
  writeFileSync(join(folder, "server.toml"), example("https server", own), { mode: 0o600 });
  const client = example("https client", { ...own, "local = 3000": `local = ${origin.port}` });
  writeFileSync(join(folder, "postern.toml"), client, { mode: 0o600 });
  const server = shell(context, folder, said("npx postern server --config server.toml"));
  await server.waitFor("it to listen", () => server.stdout.includes("Listening"));
  for (const command of (found.get("checks") ?? "").split("\n")) await shell(context, folder, command).ends(0);

  const start = shell(context, folder, said("npx postern start"));
  const address = new URL(said("https://me.tunnel.localhost:8443").replace("8443", String(port)));
  await start.waitFor("the tunnel", () => start.stdout.includes(address.origin));
  const ca = readFileSync(join(folder, "postern-certs", "ca.pem"));
  expect(await statusOf(address, ca)).toBe(200);
});

/** What stands in a line of README.md, between backticks. */
function said(text: string): string {
  expect(readme).toContain(`\`${text}\``);
  return text;
}

/** The status of a visit by HTTPS, by somebody who trusts `ca`. Names below localhost are this machine. */
async function statusOf({ hostname, port, host }: URL, ca: Buffer): Promise<number | undefined> {
  const options = { host: "127.0.0.1", port, servername: hostname, headers: { Host: host }, ca, agent: false };
  const [answer] = (await once(request(options).end(), "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test("the program with the SDK", async (context) => {
  const folder = scratchFolder(onTestFinished);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const server = await ServerProcess.start(onTestFinished);
  const origin = await startEchoOrigin(onTestFinished);
  const text = example("sdk", { "https://tunnel.example.com": server.url, "local: 3000": `local: ${origin.port}` });
  writeFileSync(join(folder, "program.mjs"), text);
  const program = new Program(context.onTestFinished, process.execPath, {
    args: ["program.mjs"],
    cwd: folder,
    env: inheritedEnvironment({ POSTERN_API_KEY: TEST_KEY }),
  });
  await program.ends(0);
  expect(program.stdout).toMatch(new RegExp(`^http://[a-z-]+\\.localhost:${server.port}\\n$`));
});
