import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  ClientProcess,
  Cleanup,
  exchange,
  needs,
  Origin,
  postern,
  scratchFolder,
  StartProcess,
  SteadyVisitor,
  TEST_KEY,
  until,
  Wire,
} from "@postern/testkit";

const run = promisify(execFile);
const cleanup = new Cleanup();
let one: Origin;
let two: Origin;

beforeAll(async () => {
  const named = (name: string): Promise<Origin> =>
    Origin.start(cleanup.defer, (incoming, outgoing) => {
      outgoing.setHeader("Content-Type", "text/plain");
      incoming.resume().on("end", () => outgoing.end(name));
    });
  one = await named("one");
  two = await named("two");
});
afterAll(() => cleanup.run());

const METRICS_TOKEN = '[tunnel.local_api]\nmetrics_token = "${NOT_SET}"\n';

/** The part of the status that shows a gateway. */
interface GatewayStatus {
  api: string;
  gateway: { routes: { targets: { target: string }[] }[] };
}

/** `[[proxy]]` for each path and its target. */
function routes(targets: Record<string, Origin | string>): string {
  return Object.entries(targets)
    .map(([path, target]) => {
      const url = typeof target === "string" ? target : `http://127.0.0.1:${target.port}`;
      return `[[proxy]]\npath = "${path}"\ntarget = "${url}"\n`;
    })
    .join("\n");
}

function serve(configuration: string, ...options: string[]): StartProcess {
  return StartProcess.launch(onTestFinished, configuration, {}, ["serve", "--listen", "127.0.0.1:0", ...options]);
}

async function bodyOf(port: number, path: string, host = "a.example"): Promise<string> {
  return (await exchange(port, { host, path })).body.toString();
}

describe("postern serve", () => {
  test("serves the routes of the file, prints its addresses and each request, and stops cleanly", async (context) => {
    needs(context, "curl");
    const folder = scratchFolder(onTestFinished);
    writeFileSync(join(folder, "app_config.toml"), routes({ "/api/*": one }), { mode: 0o600 });
    const program = postern(onTestFinished, ["serve", "--listen", "127.0.0.1:0"], { cwd: folder });
    const [, url = ""] = await program.waitFor(
      "the address",
      () => /Listening on +(\S+)/.exec(program.stdout) ?? undefined,
    );
    const curl = await run("curl", ["-s", "-w", "%{http_code}", `${url}/api/a?b=1`, `${url}/nothing`]);
    expect(curl.stdout).toMatch(/^one200[^]*PN_ROUTE_UNKNOWN[^]*404$/);
    expect(one.requests.at(-1)).toMatchObject({ url: "/a?b=1", headers: { host: `127.0.0.1:${one.port}` } });
    await program.waitFor("the lines", () => /GET +\/api\/a\?b=1 +200[^]*GET +\/nothing +404/.test(program.stdout));
    await program.terminate();
  });

  test("events name route and target of each request", async () => {
    const process = serve(routes({ "/api/*": one }));
    await bodyOf(await process.gatewayPort(), "/api/x");
    const { data } = await process.program.waitFor("the request", () =>
      process.events.find(({ type }) => type === "http_request"),
    );
    expect(data).toMatchObject({ path: "/api/x", status: 200, route: "/api/*", target: `127.0.0.1:${one.port}` });
  });

  test("postern status and metrics show routes and targets", async () => {
    const home = scratchFolder(onTestFinished);
    const process = StartProcess.launch(onTestFinished, routes({ "/api/*": one }), { XDG_RUNTIME_DIR: home }, [
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--local-api",
      "127.0.0.1:0",
    ]);
    await bodyOf(await process.gatewayPort(), "/api/x");
    const status = postern(onTestFinished, ["status"], { env: { XDG_RUNTIME_DIR: home } });
    await status.ends(0);
    expect(status.stdout).toMatch(new RegExp(`/api/\\* +1 +0 +0 +127\\.0\\.0\\.1:${one.port}`));
    const json = postern(onTestFinished, ["status", "--json"], { env: { XDG_RUNTIME_DIR: home } });
    await json.ends(0);
    const { clients } = JSON.parse(json.stdout) as { clients: { api: string; command: string }[] };
    expect(clients).toMatchObject([{ command: "serve", gateway: { routes: [{ route: "/api/*" }] } }]);
    const metrics = await (await fetch(`${clients[0]!.api}/metrics`)).text();
    expect(metrics).toContain('postern_gateway_requests_total{route="/api/*",status="2xx"} 1');
    expect(metrics).toContain(`postern_gateway_target_available{target="127.0.0.1:${one.port}"} 1`);
  });

  test("a reload cuts neither WebSockets nor requests, and applies what changed", async () => {
    const chat = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end());
    chat.server.on("upgrade", (_, socket) => {
      socket
        .on("error", () => {})
        .write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
      socket.pipe(socket);
    });
    const file = (last: Origin): string => routes({ "/chat/*": chat, "/*": one, "/changes/*": last });
    const process = serve(file(one));
    const port = await process.gatewayPort();
    const raw = await Promise.all(Array.from({ length: 20 }, () => upgraded(port, "/chat/")));
    const visitor = await SteadyVisitor.start(onTestFinished, port, "steady.example");
    for (let n = 1; n <= 6; n++) {
      process.replace(file(n % 2 === 1 ? two : one));
      if (n % 2 === 1) process.program.signal("SIGHUP");
      // The change of the file and the signal may cause two reloads.
      await until("the change", async () => (await bodyOf(port, "/changes/")) === (n % 2 === 1 ? "two" : "one"));
    }
    await visitor.stopAndCheck();
    for (const echo of raw) await echo("still here");
    expect(process.events.find(({ data }) => data["state"] === "reloaded")?.data["routes"]).toEqual({
      added: [],
      changed: ["/changes/*"],
      removed: [],
    });
  });

  test("a change with a mistake keeps the routes, and says why", async () => {
    const process = serve(routes({ "/*": one }));
    const port = await process.gatewayPort();
    process.replace('[[proxy]]\npath = "/x"\n');
    const refused = await process.status("configuration_refused");
    expect(JSON.stringify(refused.data)).toContain("this [[proxy]] has no target");
    expect(await bodyOf(port, "/")).toBe("one");
  });

  test("reports options that need a restart", async () => {
    const process = serve(routes({ "/*": one }));
    await process.gatewayPort();
    process.replace(`${routes({ "/*": one })}[tunnel.local_api]\nmetrics_token = "0123456789abcdef"\n`);
    expect((await process.status("restart_needed")).data["options"]).toEqual(["tunnel.local_api.metrics_token"]);
  });

  test("names the parts of the file that it leaves out", async () => {
    const endpoint = '[tunnel]\nenabled = true\n[[tunnel.endpoints]]\nserver_url = "http://127.0.0.1:1"\nlocal = 1\n';
    const process = serve(routes({ "/*": one }) + endpoint);
    await process.gatewayPort();
    expect(process.program.stderr).toContain("This command does not run [[tunnel.endpoints]]");
  });

  test.for([
    [
      "an option of a later version",
      "[server.ssl]\nenabled = true\nlets_encrypt.enabled = true\n",
      "PN_CONFIG_UNBUILT",
      "ACME",
    ],
    ["a file without routes", "[logging]\nlevel = 'info'\n", "PN_CONFIG_MISSING", "has no route"],
    [
      "a missing variable of monitoring, which it runs without a tunnel too",
      `[tunnel]\nenabled = false\n${METRICS_TOKEN}`,
      "PN_CONFIG_INVALID",
      "NOT_SET",
    ],
    ["a tunnel without a server", '[[proxy]]\npath = "/t"\ntarget = "tunnel://web"\n', "PN_CONFIG_INVALID", "tunnel"],
  ] as const)("refuses %s", async ([, more, code, text]) => {
    const { program } = serve((more.startsWith("[logging]") ? "" : routes({ "/*": one })) + more);
    await program.ends(2);
    expect(program.stderr).toContain(code);
    expect(program.stderr).toContain(text);
  });
});

describe("postern start", () => {
  test("runs gateway, server and tunnels of one file; a route's pool has local targets and tunnels", async () => {
    const port = await claimPort();
    const gateway = await claimPort();
    const start = StartProcess.launch(
      onTestFinished,
      `
[server]
listen = "127.0.0.1:${gateway}"
[tunnel]
enabled = true
[[tunnel.endpoints]]
server_url = "http://127.0.0.1:${port}"
subdomain = "web"
local = ${two.port}
[[tunnel.endpoints]]
name = "gate"
server_url = "http://127.0.0.1:${port}"
subdomain = "gate"
local = ${gateway}
[tunnel.server]
enabled = true
listen = "127.0.0.1:${port}"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[[proxy]]
path = "/pool/*"
targets = ["http://127.0.0.1:${one.port}", "tunnel://web/base"]
[[proxy]]
path = "/changed/*"
target = "tunnel://web"
[[proxy.middleware.transform.response.replace_text]]
find = "two"
replace = "of the tunnel"
[proxy.middleware.compression]
threshold_bytes = 1
`,
    );
    await start.tunnel("web");
    await start.tunnel("gate");
    // In front of a tunnel: the tunnel is a target like any other.
    const bodies = [];
    for (let n = 0; n < 4; n++) bodies.push(await bodyOf(gateway, "/pool/x"));
    expect(bodies.toSorted()).toEqual(["one", "one", "two", "two"]);
    expect(two.requests.at(-1)).toMatchObject({ url: "/base/x", headers: { host: `web.localhost:${port}` } });
    const accepting = { host: "a.example", path: "/changed/x", headers: { "Accept-Encoding": "gzip" } };
    const changed = await exchange(gateway, accepting);
    expect(changed.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(changed.body).toString()).toBe("of the tunnel");
    // Behind one: visitors of the tunnel reach the gateway.
    expect(["one", "two"]).toContain(await bodyOf(port, "/pool/y", `gate.localhost:${port}`));
    // The client of the tunnel gets the records of requests that came through the gateway.
    await until("a record", () =>
      start.events.some(
        ({ type, endpoint, data }) => type === "http_request" && endpoint === "web" && data["path"] === "/pool/x",
      ),
    );
    await start.program.terminate();
  });

  test("each client of a tunnel's group is a target, in the status and the metrics too", async () => {
    const [port, gateway] = [await claimPort(), await claimPort()];
    const env = { XDG_RUNTIME_DIR: scratchFolder(onTestFinished) };
    const start = StartProcess.launch(
      onTestFinished,
      `[server]
listen = "127.0.0.1:${gateway}"
[tunnel.server]
enabled = true
listen = "127.0.0.1:${port}"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[[proxy]]
path = "/*"
target = "tunnel://web"
`,
      env,
    );
    await start.gatewayPort();
    const join = (target: number): Promise<ClientProcess> =>
      ClientProcess.start(onTestFinished, {
        server: { url: `http://127.0.0.1:${port}` },
        target,
        subdomain: "web",
        args: ["--join"],
      });
    // On a busy machine, one of them may count as slow for a while.
    const bodies = async (clients: number): Promise<string[]> => {
      const found = new Set<string>();
      await until(`${clients} clients`, async () => {
        for (let n = 0; n < 4; n++) found.add(await bodyOf(gateway, "/x"));
        return found.size >= clients;
      });
      return [...found].toSorted();
    };
    const first = await join(one.port);
    expect(await bodies(1)).toEqual(["one"]);
    await join(two.port);
    expect(await bodies(2)).toEqual(["one", "two"]);
    const json = postern(onTestFinished, ["status", "--json"], { env });
    await json.ends(0);
    const { clients } = JSON.parse(json.stdout) as { clients: { api: string; command: string }[] };
    const { api, gateway: shown } = clients.find(({ command }) => command === "start") as never as GatewayStatus;
    expect(shown.routes[0]!.targets.map(({ target }) => target)).toEqual(["tunnel://web#1", "tunnel://web#2"]);
    // Not by fetch: it refuses some ports.
    const { host, port: apiPort } = new URL(api);
    const metrics = (await exchange(Number(apiPort), { host, path: "/metrics" })).body.toString();
    expect(metrics).toMatch(/postern_gateway_target_requests_total\{target="tunnel:\/\/web#2",status="2xx"\} \d/);
    await first.program.terminate();
    expect(await bodies(1)).toEqual(["two"]);
  });

  test("two parts on one port are refused", async () => {
    const start = StartProcess.launch(
      onTestFinished,
      `[server]\nlisten = "127.0.0.1:9"\n${routes({ "/": one })}[tunnel.server]\nenabled = true\nlisten = "127.0.0.1:9"\n`,
    );
    await start.program.ends(2);
    expect(start.program.stderr).toContain("would use the same port");
  });
});

/** Opens an upgraded connection. Returns a function that sends a text and waits for its echo. */
async function upgraded(port: number, path: string): Promise<(text: string) => Promise<void>> {
  const wire = await Wire.dial(onTestFinished, port);
  wire.write(`GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n`);
  const head = await wire.read((received) => received.includes(" 101 ") && received.endsWith("\r\n\r\n"));
  return async (text) => {
    wire.write(text);
    expect(await wire.read((received) => received.length >= head.length + text.length)).toBe(head + text);
  };
}
