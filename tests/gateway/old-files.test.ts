import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, exchange, Origin, StartProcess } from "@postern/testkit";

const FOLDER = join(import.meta.dirname, "../../examples/config/old");

/** Tables of parts that are not built yet or that this command does not run, and of TLS, whose files are missing. */
const PENDING_TABLE =
  /^\[+(?:static(?!_config)|proxy\.(?:middleware\.(?!headers\]|rate_limit\]|auth[.\]]|transform[.\]]|compression\])[\w.]+|ssl)|server\.ssl[\w.]*|application|logging|tunnel[\w.]*)\]+/;
const PENDING_OPTION = /^remove_\w+_headers *=/;

/** The file without these parts, and with targets on the ports of `origins`. */
function servable(name: string, origins: Origins): string {
  let isKept = true;
  const kept = readFileSync(join(FOLDER, name), "utf8")
    .split("\n")
    .filter((line) => {
      if (line.startsWith("[")) isKept = !PENDING_TABLE.test(line);
      return isKept && !PENDING_OPTION.test(line);
    });
  return kept
    .join("\n")
    .replace(/(?:https?|wss?):\/\/[\w.-]+:(\d+)/g, (_, port: string) => `http://127.0.0.1:${origins.of(port).port}`);
}

/** An origin in place of each port that the files name. */
class Origins {
  readonly #byPort = new Map<string, Origin>();

  async start(ports: readonly number[]): Promise<void> {
    for (const port of ports)
      this.#byPort.set(String(port), await Origin.start(cleanup.defer, (_, outgoing) => outgoing.end(String(port))));
  }

  of(port: string): Origin {
    const origin = this.#byPort.get(port);
    if (origin === undefined) throw new Error(`no origin in place of port ${port}`);
    return origin;
  }

  portOf(authority: string | undefined): string | undefined {
    return [...this.#byPort].find(([, { port }]) => authority === `127.0.0.1:${port}`)?.[0];
  }

  /**
   * The request line and Host that the origin of `port` received last, apart from health checks. Its own address is
   * shown as the old port.
   */
  last(port: string): { line: string; host: string | undefined } {
    const { method, url, headers } = this.of(port).requests.findLast(
      (each) => each.headers["user-agent"] !== "Postern-Health-Check",
    )!;
    return { line: `${method} ${url}`, host: this.portOf(headers.host) ?? headers.host };
  }
}

const cleanup = new Cleanup();
const origins = new Origins();
beforeAll(() =>
  origins.start([
    1, 3000, 3001, 3002, 4000, 4001, 4002, 5000, 5001, 5002, 5003, 6000, 6001, 7000, 8000, 8001, 8002, 8081, 8443, 9000,
    9001,
  ]),
);
afterAll(() => cleanup.run());

/** A request, the targets that may get it, and the path that they get; or the status of the gateway's own response. */
type Row =
  | readonly [path: string, targets: string, received: string, overriddenHost?: string]
  | readonly [path: string, status: number];

const API = [
  ["/api/users?x=1", "3000", "/users?x=1"],
  ["/api", "3000", "/"],
  ["/apix", 404],
] as const;

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  "app_config.toml": [
    ["/api/users?x=1", "3000 3001 3002", "/users?x=1", "api.example.test"],
    ["/api/%C3%A4%20b", "3000 3001 3002", "/%C3%A4%20b", "api.example.test"],
    ["/ws/chat/room/7", "5000 5001 5002", "/room/7"],
    ["/ws/notifications/", "6000 6001", "/"],
    ["/ws/realtime", "8000 8001 8002", "/"],
    ["/upload/a/b", "4000 4001 4002", "/a/b"],
    ["/ws/other", 404],
    ["/api/..%2fadmin", 400],
    ["/admin/x", "9000", "/x"],
    ["/health", "9000", "/"],
    ["/metrics", "9001", "/"],
    ["/ws/events", "7000", "/"],
  ],
  "every-key.toml": [["/api/users", "1", "/users"]],
  "legacy.toml": [...API, ["/health", "3001", "/"], ["/health/x", 404], ["/ping", 200]],
  "loadbalancer.toml": [
    ["/api/a", "3000 3001 3002", "/a"],
    ["/cache/a", "5000 5001 5002 5003", "/a"],
    ["/stream/", "6000 6001", "/"],
    ["/health", "3000", "/"],
  ],
  "proxy.toml": [...API, ["/admin/x", "8000", "/x"], ["/health", "3000", "/"]],
  "ssl.toml": [["/secure-api/v1", "8443", "/v1"]],
  "test.toml": [...API, ["/admin/", "8000", "/"], ["/health", 200]],
  "tunnel-client-prod.toml": [["/api/users", "3001", "/users"]],
  "websocket.toml": [
    ["/api/a?b", "3000 3001 3002", "/a?b"],
    ["/backend/a", "4000 4001 4002", "/a"],
    ["/ws/events", "7000", "/"],
    ["/ws/events/more", 404],
    ["/health", "9000", "/"],
    ["/ping", 200],
  ],
};

/** The folder of static files of a file; undefined if it has none, and never ran in the older program. */
function staticFolder(name: string): string | undefined {
  return /^\[static_config\]\ndirectory = "(.*)"$/m.exec(readFileSync(join(FOLDER, name), "utf8"))?.[1];
}

const OLD_FILES = readdirSync(FOLDER).filter((name) => name in TABLE || staticFolder(name) !== undefined);

test("are more than those with a static part", () => expect(OLD_FILES).toHaveLength(17));

test.for(OLD_FILES)(
  "%s: routes send requests where the older program did, and files are served beside them",
  async (name) => {
    const directory = staticFolder(name);
    const process = StartProcess.launch(onTestFinished, servable(name, origins), {}, SERVE, {
      prepare(folder) {
        if (directory !== undefined) install(folder, join(folder, directory));
      },
    });
    const port = await process.gatewayPort();
    for (const row of TABLE[name] ?? []) await check(port, row);
    if (directory !== undefined) await checkFiles(port);
    await process.program.terminate();
  },
);

const SERVE = ["serve", "--listen", "127.0.0.1:0"];

/** Files to serve, and other names of the configuration among them. */
function install(configurationFolder: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.html"), "the index");
  writeFileSync(join(folder, "style.css"), "the style");
  const configuration = join(configurationFolder, "postern.toml");
  symlinkSync(configuration, join(folder, "link.txt"));
  linkSync(configuration, join(folder, "hard-link.txt"));
}

async function checkFiles(port: number): Promise<void> {
  const ask = async (path: string, accept: string): Promise<string> => {
    const { status, body } = await exchange(port, { host: "shop.example", path, headers: { accept } });
    return status === 200 ? body.toString() : String(status);
  };
  expect([await ask("/style.css", "*/*"), await ask("/pages/7", "text/html")]).toEqual(["the style", "the index"]);
  for (const path of [
    "/postern.toml",
    "/./postern.toml",
    "/link.txt",
    "/hard-link.txt",
    "/postern%2etoml",
    "/missing.js",
  ])
    expect([path, await ask(path, "application/json")]).toEqual([path, "404"]);
}

async function check(port: number, [path, ...expected]: Row): Promise<void> {
  // Only a request that accepts HTML gets the fallback of static files.
  const { status, body } = await exchange(port, {
    host: "shop.example",
    path,
    headers: { accept: "application/json" },
  });
  if (expected.length === 1) return expect([path, status]).toEqual([path, expected[0]]);
  const [targets, received, overriddenHost] = expected;
  const target = body.toString();
  expect([path, status, targets.split(" ")]).toEqual([path, 200, expect.arrayContaining([target])]);
  expect(origins.last(target)).toEqual({ line: `GET ${received}`, host: overriddenHost ?? target });
}

test("a file without routes and static files has nothing to serve", async () => {
  const process = StartProcess.launch(onTestFinished, servable("tunnel-server.toml", origins), {}, ["serve"]);
  await process.program.ends(2);
  expect(process.program.stderr).toContain("PN_CONFIG_MISSING");
});
