import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { StreamConnection } from "@postern/net";
import { exchange, memoryStreams, Origin, scratchFolder, until, type Exchange } from "@postern/testkit";
import type { FilesOptions } from "../files/index.js";
import { LabelledTraffic } from "../records/labelled-traffic.js";
import { fileFaultReports } from "./file-fault-reports.js";
import { Folders } from "./folders.js";
import { startGateway, type GatewayService } from "./gateway-service.js";
import type { FilesAction, GatewayServiceOptions, RoutedEntry, RouteOptions } from "./service-options.js";

/** A folder with these files, whose content is their name. */
function folderWith(...files: string[]): string {
  const folder = realpathSync(scratchFolder(onTestFinished));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), file);
  }
  return folder;
}

function files(path: string, directory: string, more: Partial<FilesAction> = {}): RouteOptions {
  return { name: path, match: { path }, action: { kind: "files", files: { directory }, stripPrefix: true, ...more } };
}

async function start(
  routes: readonly RouteOptions[],
  more: Partial<GatewayServiceOptions> = {},
): Promise<GatewayService> {
  const service = await startGateway({ listen: "127.0.0.1:0", version: "1", drainTimeout: 1_000, routes, ...more });
  onTestFinished(() => service.stop());
  return service;
}

function ask({ address }: GatewayService, path: string): Promise<Exchange> {
  return exchange(Number(address.split(":").at(-1)), { host: "a.example", path });
}

/** Status and body, or the code of an own page. */
async function outcome(service: GatewayService, path: string): Promise<string> {
  const { status, headers, body } = await ask(service, path);
  return `${status} ${String(headers["postern-error"] ?? headers.location ?? body)}`;
}

test("a route with files stands beside routes with targets; its prefix is removed, kept or rewritten", async () => {
  const folder = folderWith("index.html", "guide.html", "kept/a.txt", "v2/b.txt");
  const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("origin"));
  const targets = [{ url: `http://127.0.0.1:${origin.port}` }];
  const limits = { answer: 0, idle: 0, body: 0 };
  const service = await start([
    files("/*", folder),
    files("/docs/*", folder),
    files("/kept/*", folder, { stripPrefix: false }),
    files("/new/*", folder, { rewrite: "/v2{rest}" }),
    { name: "api", match: { path: "/api/*" }, action: { kind: "forward", targets, stripPrefix: true, limits } },
  ]);
  const found: string[] = [];
  for (const path of [
    "/",
    "/guide.html",
    "/docs/guide.html?x",
    "/docs/",
    "/docs?x",
    "/kept/a.txt",
    "/new/b.txt",
    "/api/x",
  ])
    found.push(await outcome(service, path));
  expect(found).toEqual([
    "200 index.html",
    "200 guide.html",
    "200 guide.html",
    "200 index.html",
    "301 /docs/?x",
    "200 kept/a.txt",
    "200 v2/b.txt",
    "200 origin",
  ]);
  expect(await outcome(service, "/missing")).toBe("404 PN_FILE_UNKNOWN");
  // Some readers see a path of another route.
  expect(await outcome(service, "/docs/..%2fapi/x")).toBe("400 PN_ROUTE_PATH");
});

test("requests and figures name the folder as the target", async () => {
  const folder = folderWith("a.txt");
  const entries: RoutedEntry[] = [];
  const service = await start([files("/*", folder)], { onRequest: (entry) => void entries.push(entry) });
  await ask(service, "/a.txt");
  await ask(service, "/missing");
  await until("both entries", () => entries.length === 2);
  expect(entries).toMatchObject([
    { route: "/*", target: `files ${folder}`, status: 200, bytes_out: 5, ended: "complete" },
    { route: "/*", target: `files ${folder}`, status: 404, code: "PN_FILE_UNKNOWN" },
  ]);
  const { routes, targetTraffic } = service.figures();
  expect(routes).toMatchObject([{ action: "files", targets: [{ target: `files ${folder}`, state: "ok" }] }]);
  expect(targetTraffic[0]).toMatchObject({ label: `files ${folder}`, requests: { "2xx": 1, "4xx": 1 }, bytes_out: 5 });
});

test("secret files are not served, and a reload changes which they are", async () => {
  const folder = folderWith("a.key", "b.key", "logs/a.log", "public.txt");
  const service = await start([files("/*", folder)], { secretFiles: [join(folder, "a.key"), join(folder, "logs")] });
  const statuses = async (...paths: string[]): Promise<number[]> => {
    const found: number[] = [];
    for (const path of paths) found.push((await ask(service, path)).status);
    return found;
  };
  expect(await statuses("/a.key", "/b.key", "/logs/a.log", "/public.txt")).toEqual([404, 200, 404, 200]);
  // A file in the cache becomes secret too.
  service.replaceSecretFiles([join(folder, "b.key")]);
  expect(await statuses("/a.key", "/b.key", "/logs/a.log", "/public.txt")).toEqual([200, 404, 200, 200]);
});

test("what a configuration in a subfolder names is secret before anybody asks, after a start and after a reload", async () => {
  const folder = folderWith("conf/app_config.toml", "certs/a.key", "certs/b.key", "public.txt");
  const read: string[] = [];
  const namedFiles = (path: string): Promise<string[]> => {
    read.push(path);
    return Promise.resolve([join(folder, "certs", path.includes("late") ? "b.key" : "a.key")]);
  };
  const service = await start([files("/*", folder)], { namedFiles });
  await until("the search at the start", () => read.length === 1);
  expect(await outcome(service, "/certs/a.key")).toBe("404 PN_FILE_UNKNOWN");
  expect(await outcome(service, "/certs/b.key")).toBe("200 certs/b.key");
  mkdirSync(join(folder, "late"));
  writeFileSync(join(folder, "late/postern.toml"), "x");
  service.replaceSecretFiles([]);
  await until("the search at the reload", () => read.length === 2);
  expect(await outcome(service, "/certs/b.key")).toBe("404 PN_FILE_UNKNOWN");
  expect(await outcome(service, "/public.txt")).toBe("200 public.txt");
});

test("pages for monitors stand before a route that comes after them, and behind other routes", async () => {
  const folder = folderWith("health", "ping/index.html");
  const last = await start([{ ...files("/*", folder), afterEndpoints: true }]);
  expect(await outcome(last, "/health")).toContain('"status":"healthy"');
  expect(await outcome(last, "/ping/")).toBe("200 ping/index.html");
  const first = await start([files("/*", folder)]);
  expect(await outcome(first, "/health")).toBe("200 health");
});

test("a gateway without a listener serves the connections that it is given", async () => {
  const service = await start([files("/*", folderWith("a.txt"))], { listen: undefined });
  const [near, far] = memoryStreams();
  let received = "";
  far.handler = {
    onData(chunk) {
      received += chunk.toString();
      far.consumed(chunk.length);
    },
    onEnd() {},
    onReset() {},
    onDrain() {},
  };
  service.accept(new StreamConnection(near));
  far.write(Buffer.from("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"));
  await until("the response", () => received.endsWith("a.txt"));
  expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(service.address).toBe("");
});

test("routes with the same folder and options share it, and a reload keeps it", () => {
  const folders = new Folders({}, new LabelledTraffic(10, { target: "_other" }));
  const options: FilesOptions = { directory: "/srv", browse: true };
  const before = folders.use(options);
  const after = folders.use({ ...options });
  expect(after.root).toBe(before.root);
  folders.release(before);
  expect(folders.use(options).root).toBe(before.root);
  expect(folders.use({ ...options, browse: false }).root).not.toBe(before.root);
  folders.release(after);
  folders.release(after);
  expect(folders.use(options).root).not.toBe(before.root);
});

test("faults of the disk are reported once in 10 seconds, with their number", () => {
  const reported: unknown[] = [];
  let now = 0;
  const report = fileFaultReports(
    "files /srv",
    (failure) => void reported.push(failure),
    () => now,
  );
  for (now of [0, 1_000, 9_999, 10_000]) report({ path: "/srv/a", code: now === 0 ? "EACCES" : "EXDEV" });
  expect(reported).toEqual([
    { target: "files /srv", reason: "/srv/a cannot be read: permission denied", count: 1 },
    { target: "files /srv", reason: "/srv/a cannot be read: EXDEV", count: 3 },
  ]);
});
