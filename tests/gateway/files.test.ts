import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ClientProcess,
  exchange,
  Origin,
  postern,
  scratchFolder,
  ServerProcess,
  StartProcess,
  TEST_KEY,
  until,
  type Program,
} from "@postern/testkit";

const LISTEN = ["--listen", "127.0.0.1:0"];

/** A folder with these files, whose content is their name. */
function folderWith(...files: string[]): string {
  const folder = scratchFolder(onTestFinished);
  for (const file of files) write(folder, file);
  return folder;
}

function write(folder: string, file: string, text = file): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text, { mode: 0o600 });
}

/** Runs `postern serve` in a folder. */
function serve(cwd: string, ...args: string[]): Program {
  return postern(onTestFinished, ["serve", ...LISTEN, ...args], { cwd, env: { HOME: cwd } });
}

async function portOf(program: Program): Promise<number> {
  const find = (): string | undefined => /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.output)?.[1];
  return Number(await program.waitFor("the address", find));
}

/** Status and body, or the code of an own page. */
async function ask(port: number, path: string, host = "a.example"): Promise<string> {
  const { status, headers, body } = await exchange(port, { host, path, headers: { accept: "text/html" } });
  return `${status} ${String(headers["postern-error"] ?? body)}`;
}

/** The names of the threads of a process. */
function threadsOf(pid: number): string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).map((id) => readFileSync(join(folder, id, "comm"), "utf8").trim());
}

describe("postern serve", () => {
  test.runIf(process.platform === "linux")(
    "looks up many files with a thread of its own, and ends while that runs",
    async () => {
      const names = Array.from({ length: 400 }, (_, n) => `${n}.txt`);
      const cwd = folderWith(...names.map((name) => `site/${name}`), "key.pem");
      symlinkSync(join(cwd, "key.pem"), join(cwd, "site/link.txt"));
      const program = serve(cwd, "./site");
      const port = await portOf(program);
      const askAll = (): Promise<string[]> => Promise.all(names.map((name) => ask(port, `/${name}`)));
      expect(await askAll()).toEqual(names.map((name) => `200 site/${name}`));
      // Known files are looked up again after a second.
      const isRunning = (): boolean => threadsOf(program.pid).includes("files");
      await until("the thread", async () => isRunning() || (await askAll(), isRunning()));
      for (const name of names) write(cwd, `site/${name}`, `new ${name}`);
      const isNew = (found: string, n: number): boolean => found === `200 new ${names[n]}`;
      await until("the new files", async () => (await askAll()).every(isNew));
      expect(await ask(port, "/link.txt")).toBe("404 PN_FILE_UNKNOWN");
      await program.terminate();
    },
  );

  test.for([
    ["a folder", ["site"]],
    ["the folder of --directory", ["-d", "./site"]],
  ] as const)("serves %s, reads no configuration, and prints what it serves", async ([, args]) => {
    const cwd = folderWith("site/index.html", "site/a.txt", "site/health", "site/.env");
    write(cwd, "postern.toml", '[[proxy]]\npath = "/*"\nrespond = { status = 418 }\n');
    const program = serve(cwd, ...args);
    const port = await portOf(program);
    const paths = ["/", "/a.txt", "/health", "/.env", "/missing"];
    expect(await Promise.all(paths.map((path) => ask(port, path)))).toEqual([
      "200 site/index.html",
      "200 site/a.txt",
      "200 site/health",
      "404 PN_FILE_UNKNOWN",
      "404 PN_FILE_UNKNOWN",
    ]);
    expect(program.stdout).toMatch(/Files of +\/.*site\n/);
    expect(program.stdout).toContain("postern.toml is not read, because a folder is given");
    await program.waitFor("the request", () => /GET +\/a\.txt +200/.test(program.stdout));
    await program.terminate();
  });

  test("serves the current folder if there is neither a folder nor a file, with --spa and --browse", async () => {
    const cwd = folderWith("index.html", "files/a.txt");
    const port = await portOf(serve(cwd));
    expect([await ask(port, "/"), await ask(port, "/app/7")]).toEqual(["200 index.html", "404 PN_FILE_UNKNOWN"]);
    const spa = await portOf(serve(cwd, "--spa"));
    expect(await ask(spa, "/app/7")).toBe("200 index.html");
  });

  test("with --config and a folder serves both: routes, and the folder instead of that of the file", async () => {
    const cwd = folderWith("site/a.txt", "other/a.txt");
    write(
      cwd,
      "gateway.toml",
      '[static_config]\ndirectory = "other"\n[[proxy]]\npath = "/r"\nrespond = { status = 200, text = "route" }\n',
    );
    const port = await portOf(serve(cwd, "site", "--config", "gateway.toml"));
    expect([await ask(port, "/r"), await ask(port, "/a.txt")]).toEqual(["200 route", "200 site/a.txt"]);
  });

  test.for([
    ["a folder that does not exist", ["./nowhere"], "PN_FOLDER_UNREADABLE", "mkdir -p"],
    ["a file", ["./a.txt"], "PN_FOLDER_UNREADABLE", "is a file, not a folder"],
    ["a variable of the shell that is empty", [""], "PN_CONFIG_INVALID", "--directory must be a folder"],
    ["two folders", ["one", "--directory", "two"], "PN_USAGE", "Two folders are given"],
  ] as const)("refuses %s", async ([, args, code, text]) => {
    const program = serve(folderWith("a.txt"), ...args);
    await program.ends(2);
    expect(program.stderr).toContain(code);
    expect(program.stderr).toContain(text);
  });

  test("never serves a configuration of another program in the folder, nor what it names, and says so", async () => {
    const cwd = folderWith("site/index.html", "site/tls/gateway.key", "site/deep/down/my.key", "site/deep/ok.txt");
    write(cwd, "site/postern.toml", '[server.ssl]\nkey_file = "tls/gateway.key"\n');
    write(cwd, "site/deep/app_config.toml", 'not valid\nkey_file = "down/my.key"\n');
    const program = serve(cwd, "site");
    const port = await portOf(program);
    for (const path of ["/postern.toml", "/tls/gateway.key", "/deep/app_config.toml", "/deep/down/my.key"])
      expect([path, await ask(port, path)]).toEqual([path, "404 PN_FILE_UNKNOWN"]);
    expect(await ask(port, "/deep/ok.txt")).toBe("200 site/deep/ok.txt");
    expect(program.stdout.replace(/\s+/g, " ")).toContain(
      "contains files of a configuration: postern.toml, tls/gateway.key",
    );
  });
});

test("postern status, events and explanations know files like any target", async () => {
  const home = scratchFolder(onTestFinished);
  const process = StartProcess.launch(
    onTestFinished,
    '[static_config]\ndirectory = "site"\n',
    { XDG_RUNTIME_DIR: home },
    ["serve", ...LISTEN, "--local-api", "127.0.0.1:0"],
    { prepare: (folder) => write(folder, "site/a.txt") },
  );
  expect(await ask(await process.gatewayPort(), "/a.txt")).toBe("200 site/a.txt");
  const target = `files ${join(process.folder, "site")}`;
  const { data } = await process.program.waitFor("the request", () =>
    process.events.find(({ type }) => type === "http_request"),
  );
  expect(data).toMatchObject({ path: "/a.txt", status: 200, route: "/*", target });
  const run = async (...args: string[]): Promise<string> => {
    const program = postern(onTestFinished, args, { env: { XDG_RUNTIME_DIR: home } });
    await program.ends(0);
    return program.stdout;
  };
  expect(await run("status")).toContain(target);
  const { clients } = JSON.parse(await run("status", "--json")) as { clients: { api: string }[] };
  const metrics = await (await fetch(`${clients[0]!.api}/metrics`)).text();
  expect(metrics).toContain(`postern_gateway_target_requests_total{target="${target}",status="2xx"} 1`);
  const explained = await run("config", "explain", "--config", process.file, "GET", "http://localhost/b%20c?d");
  expect(explained).toMatch(/Route +\/\*\nFiles +\/.*site  path  \/b%20c\n/);
  expect(explained).toContain("(static_config)");
});

test("a reload changes the folder, keeps what did not change, and refuses a folder that does not exist", async () => {
  const site = folderWith("one/a.txt", "two/a.txt", "kept/a.txt");
  const file = (folder: string): string =>
    `[static_config]\ndirectory = "${join(site, folder)}"\n[[proxy]]\npath = "/kept/*"\nfiles = "${join(site, "kept")}"\n`;
  const process = StartProcess.launch(onTestFinished, file("one"), {}, ["serve", ...LISTEN]);
  const port = await process.gatewayPort();
  expect([await ask(port, "/a.txt"), await ask(port, "/kept/a.txt")]).toEqual(["200 one/a.txt", "200 kept/a.txt"]);
  process.replace(file("two"));
  expect((await process.status("reloaded")).data["routes"]).toEqual({ added: [], changed: ["/*"], removed: [] });
  expect([await ask(port, "/a.txt"), await ask(port, "/kept/a.txt")]).toEqual(["200 two/a.txt", "200 kept/a.txt"]);
  process.replace(file("three"));
  expect((await process.status("configuration_refused")).data["code"]).toBe("PN_FOLDER_UNREADABLE");
  expect(await ask(port, "/a.txt")).toBe("200 two/a.txt");
  // A build tool empties its output folder, and writes it again.
  rmSync(join(site, "two"), { recursive: true });
  await until("the missing folder", async () => (await ask(port, "/a.txt")).startsWith("404"));
  write(site, "two/a.txt", "built again");
  await until("the new folder", async () => (await ask(port, "/a.txt")) === "200 built again");
});

test("the example configuration serves an application, its API and a folder of downloads", async () => {
  const api = await Origin.start(onTestFinished, (incoming, outgoing) => outgoing.end(`api ${incoming.url}`));
  const example = readFileSync(new URL("../../examples/config/files.toml", import.meta.url), "utf8");
  const process = StartProcess.launch(
    onTestFinished,
    example.replaceAll("localhost:3000", `127.0.0.1:${api.port}`).replace("127.0.0.1:8080", "127.0.0.1:0"),
    {},
    ["serve"],
    {
      prepare(folder) {
        for (const file of ["dist/index.html", "dist/assets/app.3f9c2b1d.js", "files/a.zip"]) write(folder, file);
      },
    },
  );
  const port = await process.gatewayPort();
  expect([await ask(port, "/users/7"), await ask(port, "/api/users"), await ask(port, "/downloads/a.zip")]).toEqual([
    "200 dist/index.html",
    "200 api /users",
    "200 files/a.zip",
  ]);
  const cacheControl = async (path: string): Promise<unknown> =>
    (await exchange(port, { host: "a.example", path })).headers["cache-control"];
  expect(await cacheControl("/assets/app.3f9c2b1d.js")).toBe("public, max-age=31536000, immutable");
  expect(await cacheControl("/downloads/a.zip")).toBe("public, max-age=3600");
  expect(await ask(port, "/downloads/")).toMatch(/^200 [^]*a\.zip/);
});

describe("postern http", () => {
  test("shares a folder without a port; its key file and dotfiles are not served", async () => {
    const server = await ServerProcess.start(onTestFinished);
    const folder = folderWith("index.html", "app/main.js", ".env");
    write(folder, "my.key", TEST_KEY);
    const client = await ClientProcess.start(onTestFinished, {
      server,
      target: folder,
      args: ["--spa", "--api-key-file", join(folder, "my.key")],
      env: { POSTERN_API_KEY: "" },
    });
    const get = (path: string): Promise<string> => ask(server.port, path, client.host);
    expect([await get("/"), await get("/app/main.js"), await get("/users/7")]).toEqual([
      "200 index.html",
      "200 app/main.js",
      "200 index.html",
    ]);
    const { status, headers } = await exchange(server.port, {
      host: client.host,
      path: "/my.key",
      headers: { accept: "a/b" },
    });
    expect([status, headers["postern-error"]]).toEqual([404, "PN_FILE_UNKNOWN"]);
    await client.event("http_request");
    expect(client.events.find(({ type }) => type === "tunnel_established")?.data["local"]).toBe(folder);
    expect(listeningPorts(client.pid)).toBe(1);
    await client.program.terminate();
  });

  test("delivers a large file completely through the tunnel, and several at once", async () => {
    const server = await ServerProcess.start(onTestFinished);
    const folder = folderWith("index.html");
    const large = Buffer.alloc(20_000_000, "0123456789abcdef");
    writeFileSync(join(folder, "large.bin"), large);
    const client = await ClientProcess.start(onTestFinished, { server, target: folder });
    const all = await Promise.all(
      Array.from({ length: 3 }, () => exchange(server.port, { host: client.host, path: "/large.bin" })),
    );
    for (const { status, body } of all) expect([status, body.equals(large)]).toEqual([200, true]);
  });

  test("an endpoint of a file shares a folder, and a reload changes its options and its folder", async () => {
    const server = await ServerProcess.start(onTestFinished);
    const file = (folder: string, options: string): string =>
      `[tunnel]\nenabled = true\n[[tunnel.endpoints]]\nserver_url = "${server.url}"\nsubdomain = "site"\nlocal = "${folder}"\n[tunnel.endpoints.files]\n${options}\n`;
    const start = StartProcess.launch(onTestFinished, file("./one", 'fallback = "app.html"'), {}, ["start"], {
      prepare(folder) {
        for (const name of ["one/app.html", "two/app.html"]) write(folder, name);
      },
    });
    const { host } = await start.tunnel("site");
    const get = (): Promise<string> => ask(server.port, "/users/7", host);
    expect(await get()).toBe("200 one/app.html");
    for (const [count, [configuration, expected]] of Object.entries([
      [file("./one", ""), "404 PN_FILE_UNKNOWN"],
      [file("./two", 'fallback = "app.html"'), "200 two/app.html"],
    ])) {
      start.replace(configuration!);
      await start.status("reloaded", Number(count) + 1);
      await until("the new options", async () => (await get()) === expected);
    }
    start.replace(file("./three", ""));
    expect((await start.status("configuration_refused")).data["code"]).toBe("PN_FOLDER_UNREADABLE");
    expect(await get()).toBe("200 two/app.html");
    await start.program.terminate();
  });

  test("--spa and --browse need a folder", async () => {
    const program = postern(onTestFinished, ["http", "3000", "--browse"]);
    await program.ends(2);
    expect(program.stderr).toContain("need a folder");
  });
});

/** The number of TCP ports on which a process listens: that of its local API. 0A is LISTEN in /proc/net/tcp. */
function listeningPorts(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
  return readFileSync(`/proc/${pid}/net/tcp`, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && links.includes(`socket:[${inode}]`)).length;
}
