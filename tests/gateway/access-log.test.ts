import { mkdirSync, readdirSync, renameSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { needs, scratchFolder, startFileServer, StartProcess, until, Wire } from "@postern/testkit";
import { ACCESS, anOrigin, entries, lines, linesOf, serve } from "./access-log-gateway.ts";

test("every request has its line: routes, files, redirects, refusals, heads that are not valid, and upgrades at their end", async () => {
  const origin = await anOrigin();
  origin.server.on("upgrade", (_, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    socket.on("data", (data: Buffer) => socket.write(data)).on("end", () => socket.end());
  });
  const routes = [
    `[[proxy]]\npath = "/api/*"\ntarget = "http://127.0.0.1:${origin.port}"`,
    '[[proxy]]\npath = "/old"\nredirect = { to = "/new", status = 301 }',
    '[[proxy]]\npath = "/text"\nrespond = { status = 200, text = "hello" }',
    '[[proxy]]\npath = "/files/*"\nfiles = { directory = "public" }',
    `[[proxy]]\npath = "/private/*"\ntarget = "http://127.0.0.1:${origin.port}"\naccess.basic_auth = "users"`,
  ];
  const { port, ask, logOf } = await serve(`${ACCESS}${routes.join("\n")}`, (folder) => {
    mkdirSync(join(folder, "public"));
    writeFileSync(join(folder, "public/a.txt"), "0123456789");
    const hash = "$2y$04$zfbPSHMbUoCZ5ZQBDgJPDOjnTdLSKzbrXoZ1ZQpzcLPMjzQTqEQAG";
    writeFileSync(join(folder, "users"), `ann:${hash}\n`, { mode: 0o600 });
  });
  await ask("/api/a?token=canary", {
    method: "POST",
    body: "12345",
    headers: { referer: "https://b.example/", "user-agent": "probe" },
  });
  await ask("/old");
  await ask("/text");
  await ask("/files/a.txt");
  await ask("/private/a", { headers: { authorization: `Basic ${Buffer.from("ann:canary").toString("base64")}` } });
  await ask("/unknown");
  const broken = await Wire.dial(onTestFinished, port);
  broken.write("GET /bro ken HTTP/1.1\r\nHost: a.example\r\n\r\n");
  await broken.over();
  const chat = await Wire.dial(onTestFinished, port);
  chat.write("GET /api/chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
  await chat.read("\r\n\r\n");
  chat.write("hello");
  await chat.read("hello");
  expect(await lines(logOf("access.log"), 7)).toHaveLength(7);
  chat.finish();
  const all = await entries(logOf("access.log"), 8);
  const [api, old, text, file, denied, unknown, invalid, upgrade] = all;
  expect(api).toMatchObject({
    visitor: "127.0.0.1",
    method: "POST",
    host: "a.example",
    path: "/api/a?token=***",
    protocol: "HTTP/1.1",
    status: 200,
    bytes_in: 5,
    bytes_out: "answer to /a?token=canary".length,
    referer: "https://b.example/",
    user_agent: "probe",
    route: "/api/*",
    target: `127.0.0.1:${origin.port}`,
    ended: "complete",
  });
  expect(old).toMatchObject({ status: 301, route: "/old", bytes_out: 0 });
  expect(text).toMatchObject({ status: 200, route: "/text", bytes_out: 5 });
  expect(file).toMatchObject({ status: 200, route: "/files/*", bytes_out: 10 });
  expect(String(file!["target"])).toMatch(/^files .*public$/);
  expect(denied).toMatchObject({ status: 401, route: "/private/*", ended: "refused" });
  expect(unknown).toMatchObject({ status: 404, code: "PN_ROUTE_UNKNOWN", ended: "refused" });
  expect(unknown!["bytes_out"]).toBeGreaterThan(50);
  expect(invalid).toMatchObject({ status: 400, method: "GET", path: "/bro", ended: "refused" });
  expect(upgrade).toMatchObject({ status: 101, path: "/api/chat", bytes_in: 5, bytes_out: 5, ended: "complete" });
  expect(readFileSync(logOf("access.log"), "utf8")).not.toMatch(/canary|authorization/i);
  expect(statSync(logOf("access.log")).mode & 0o777).toBe(0o600);
});

test("the user of a request is in its line", async () => {
  const origin = await anOrigin();
  const route = `[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:${origin.port}"\naccess.basic_auth = "users"\n`;
  const { ask, logOf } = await serve(`${ACCESS}${route}`, (folder) => {
    // The password of this SHA-1 hash is "password".
    writeFileSync(join(folder, "users"), "ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", { mode: 0o600 });
  });
  const authorization = `Basic ${Buffer.from("ann:password").toString("base64")}`;
  expect((await ask("/", { headers: { authorization } })).status).toBe(200);
  expect((await entries(logOf("access.log"), 1))[0]).toMatchObject({ user: "ann", status: 200 });
});

describe("routes", () => {
  test("have logs of their own, or none; what they do not set is that of the program", async () => {
    const origin = await anOrigin();
    const target = `target = "http://127.0.0.1:${origin.port}"`;
    const routes = [
      `[[proxy]]\npath = "/own/*"\n${target}\n[proxy.middleware.access_log]\nfile = "own.log"\nformat = "common"`,
      `[[proxy]]\npath = "/quiet/*"\n${target}\n[proxy.middleware.access_log]\nenabled = false`,
      `[[proxy]]\npath = "/errors/*"\n${target}\n[proxy.middleware.access_log]\nstatuses = ["5xx"]`,
      `[[proxy]]\npath = "/*"\n${target}`,
    ];
    const { ask, logOf } = await serve(`${ACCESS}secret_parameters = ["sid"]\n${routes.join("\n")}`);
    for (const path of ["/own/a?sid=1", "/quiet/a", "/errors/a", "/last"]) await ask(path);
    const [last] = await entries(logOf("access.log"), 1);
    expect(last).toMatchObject({ path: "/last" });
    expect((await lines(logOf("own.log"), 1))[0]).toMatch(/"GET \/own\/a\?sid=\*\*\* HTTP\/1\.1" 200 \d+$/);
    expect(linesOf(logOf("access.log"))).toHaveLength(1);
  });

  test("get a log, and lose it, with a reload", async () => {
    const origin = await anOrigin();
    const route = (more: string): string =>
      `[server]\nlisten = "127.0.0.1:0"\n[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:${origin.port}"\n${more}`;
    const { start, ask, logOf } = await serve(route("").replace(/^\[server\]\n.*\n/, ""));
    const local = "[tunnel.local_api]\nenabled = false\n";
    await ask("/before");
    start.replace(`${route('[proxy.middleware.access_log]\nfile = "new.log"\n')}${local}`);
    await start.status("reloaded");
    await ask("/with");
    await lines(logOf("new.log"), 1);
    start.replace(`${route("")}${local}`);
    await start.status("reloaded", 2);
    await ask("/after");
    await start.program.terminate();
    expect(linesOf(logOf("new.log"))).toHaveLength(1);
  });

  test("whose log cannot be written are refused: at the start, and in a reload, which changes nothing", async () => {
    const route = (more: string): string => `[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n${more}`;
    const bad = '[proxy.middleware.access_log]\nfile = "postern.toml/a.log"\n';
    const start = StartProcess.launch(onTestFinished, route(bad), {}, ["serve", "--listen", "127.0.0.1:0"]);
    await start.program.ends(2);
    expect(start.program.stderr).toMatch(/PN_LOG_UNWRITABLE/);
    const { start: running, ask } = await serve(route(""));
    running.replace(`${route(bad)}[server]\nlisten = "127.0.0.1:0"\n`);
    await running.status("configuration_refused");
    expect((await ask("/")).status).toBe(200);
  });
});

describe("another program rotates the file", () => {
  const config = `${ACCESS}rotate = false\n[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n`;

  test("by a rename and SIGHUP, also if the configuration is not valid by then", async () => {
    const { start, ask, logOf } = await serve(config);
    await ask("/1");
    await lines(logOf("access.log"), 1);
    renameSync(logOf("access.log"), logOf("access.log.1"));
    start.overwrite("not valid");
    start.program.signal("SIGHUP");
    await until("the new file", () => readdirSync(start.folder).includes("access.log"));
    await ask("/2");
    expect(await entries(logOf("access.log"), 1)).toMatchObject([{ path: "/2" }]);
    expect(await entries(logOf("access.log.1"), 1)).toMatchObject([{ path: "/1" }]);
  });

  test("by a rename alone: the next lines find the new file", async () => {
    const { start, ask, logOf } = await serve(config);
    await ask("/1");
    await lines(logOf("access.log"), 1);
    renameSync(logOf("access.log"), logOf("access.log.1"));
    await until("the new file", async () => {
      await ask("/more");
      return readdirSync(start.folder).includes("access.log");
    });
  });

  test("by a copy that cuts it off", async () => {
    const { ask, logOf } = await serve(config);
    await ask("/1");
    await lines(logOf("access.log"), 1);
    truncateSync(logOf("access.log"));
    await ask("/2");
    expect(await entries(logOf("access.log"), 1)).toMatchObject([{ path: "/2" }]);
  });
});

test("a full file is rotated, and no line is lost", async () => {
  const { start, ask } = await serve(
    `${ACCESS}[logging]\nfile_size_mb = 0.001\nfile_mode = "0640"\n[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n`,
  );
  const logs = (): string[] => readdirSync(start.folder).filter((name) => /^access(-.*Z)?\.log$/.test(name));
  const all = (): string[] => logs().flatMap((name) => linesOf(join(start.folder, name)));
  for (let number = 0; number < 30; number++) {
    await ask(`/${number}`);
    await until("its line", () => all().some((line) => line.includes(`"/${number}"`)));
  }
  await start.program.terminate();
  expect(logs().length).toBeGreaterThan(3);
  expect(all()).toHaveLength(30);
  for (const name of logs()) expect(statSync(join(start.folder, name)).mode & 0o777).toBe(0o640);
});

test("the combined format is nginx's, byte for byte", async (context) => {
  needs(context, "nginx");
  const folder = scratchFolder(onTestFinished);
  const files = join(folder, "public");
  mkdirSync(files);
  writeFileSync(join(files, "a.txt"), "0123456789".repeat(20));
  writeFileSync(join(files, "index.html"), "<h1>home</h1>");
  const theirs = join(folder, "nginx.log");
  const nginx = await startFileServer(onTestFinished, files, theirs);
  const { port, logOf } = await serve(
    `[logging.access]\nenabled = true\nfile = "access.log"\n[[proxy]]\npath = "/*"\nfiles = { directory = "${files}" }\n`,
  );
  const field = (line: string): string => `GET /a.txt HTTP/1.1\r\nHost: a.example\r\n${line}\r\n\r\n`;
  const requests = [
    field("Accept: */*"),
    field("User-Agent: curl/8.0"),
    field('User-Agent: a "quoted" \\ name'),
    field("User-Agent: Zo\xc3\xab \x80\xff"),
    field("User-Agent: tab\there"),
    field("Referer: https://b.example/?q=1&r=a%22b"),
    field('Referer: "'),
    field("Referer: \xe9\r\nUser-Agent: \xe9"),
    field("Range: bytes=5-9"),
    "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "HEAD /a.txt HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "GET /a.txt HTTP/1.0\r\n\r\n",
    "GET /a.txt?q=%22%0a&x=%c3%ab HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "GET /%61.txt HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "GET http://a.example/a.txt HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "GET /missing HTTP/1.1\r\nHost: a.example\r\n\r\n",
  ];
  for (const request of requests)
    for (const at of [nginx.port, port]) {
      const wire = await Wire.dial(onTestFinished, at);
      wire.write(request);
      await wire.read("\r\n\r\n");
      wire.socket.destroy();
    }
  /** The time, and the size of a page that is the server's own. */
  const comparable = (line: string): string =>
    line.replace(/\[[^\]]+\]/, "[TIME]").replace(/" (404) \d+ "/, '" $1 SIZE "');
  const ours = await lines(logOf("access.log"), requests.length);
  expect(ours.map(comparable)).toEqual((await lines(theirs, requests.length)).map(comparable));
  expect(ours[0]).toMatch(/^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "/);
});
