import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { exchange, Origin, scratchFolder, ServerProcess, TEST_KEY, type Program } from "@postern/testkit";
import { DocumentedPage, shell } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/files.md", [
    ["folder", "sh", /^npx postern serve \.\/public --listen/],
    ["spa", "sh", /--spa/],
    ["share", "sh", /^npx postern http \.\/public/],
    ["beside routes", "toml", /^\[static_config\]/],
    ["routes", "toml", /^\[proxy\.files\]$/m],
    ["explain", "sh", /config explain/],
  ]);
});

/** A folder with these files, whose content is their name. */
function folderWith(...files: string[]): string {
  const folder = scratchFolder(onTestFinished);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), file);
  }
  return folder;
}

/** Runs a command of the page in the folder, on a free port. Returns the status and the body of a path. */
async function served(folder: string, command: string): Promise<(path: string, host?: string) => Promise<string>> {
  const program = shell(onTestFinished, folder, command.replace("127.0.0.1:8080", "127.0.0.1:0"));
  const port = await portOf(program);
  return (path, host = "a.example") => ask(port, path, host);
}

async function portOf(program: Program): Promise<number> {
  const find = (): string | undefined => /http:\/\/[\w.-]+:(\d+)/.exec(program.output)?.[1];
  return Number(await program.waitFor("the address", find));
}

async function ask(port: number, path: string, host: string): Promise<string> {
  const { status, body, headers } = await exchange(port, { host, path, headers: { accept: "text/html" } });
  return `${status} ${String(headers["postern-error"] ?? headers.location ?? body)}`;
}

test("a folder, and a single-page application", async () => {
  const get = await served(folderWith("public/index.html", "public/a.txt"), page.example("folder"));
  expect([await get("/"), await get("/a.txt"), await get("/users/7")]).toEqual([
    "200 public/index.html",
    "200 public/a.txt",
    "404 PN_FILE_UNKNOWN",
  ]);
  const spa = await served(folderWith("dist/index.html"), page.example("spa"));
  expect([await spa("/users/7")]).toEqual(["200 dist/index.html"]);
});

test("a folder under a public URL", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const folder = folderWith("public/index.html");
  writeFileSync(join(folder, "postern.key"), TEST_KEY, { mode: 0o600 });
  const client = shell(onTestFinished, folder, page.example("share", { "https://tunnel.example.com": server.url }));
  const [, host = ""] = await client.waitFor(
    "the URL",
    () => /http:\/\/([a-z-]+\.localhost:\d+)/.exec(client.output) ?? undefined,
  );
  expect(await ask(server.port, "/", host)).toBe("200 public/index.html");
});

test("files beside a route", async () => {
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => outgoing.end(`origin ${incoming.url}`));
  const folder = folderWith("public/index.html", "public/a.txt");
  const file = page.example("beside routes", { "localhost:3000": `127.0.0.1:${origin.port}` });
  writeFileSync(join(folder, "postern.toml"), file, { mode: 0o600 });
  const get = await served(folder, "npx postern serve --listen 127.0.0.1:8080");
  expect([await get("/api/users"), await get("/a.txt"), await get("/users/7")]).toEqual([
    "200 origin /users",
    "200 public/a.txt",
    "200 public/index.html",
  ]);
  expect(await get("/health")).toContain("healthy");
});

test("why a file is not served", async () => {
  const folder = folderWith("public/index.html", "public/.env");
  writeFileSync(join(folder, "postern.toml"), '[static_config]\ndirectory = "public"\n', { mode: 0o600 });
  const explained = shell(onTestFinished, folder, page.example("explain"));
  await explained.ends(0);
  expect(explained.stdout).toContain("404, the gateway's own page: a name in the path begins with a dot");
});

test("routes to folders", async () => {
  const folder = folderWith("manual/guide.html", "manual/index.html", "downloads/a.zip");
  const file = page.example("routes", { "/srv/downloads": join(folder, "downloads") });
  writeFileSync(join(folder, "postern.toml"), file, { mode: 0o600 });
  const get = await served(folder, "npx postern serve --listen 127.0.0.1:8080");
  expect([await get("/docs/guide.html"), await get("/a.zip", "downloads.example.com"), await get("/a.zip")]).toEqual([
    "200 manual/guide.html",
    "200 downloads/a.zip",
    "404 PN_ROUTE_UNKNOWN",
  ]);
});
