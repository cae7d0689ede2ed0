import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  ClientProcess,
  Cleanup,
  exchange,
  Origin,
  postern,
  scratchFolder,
  ServerProcess,
  StartProcess,
  until,
  type Program,
} from "@postern/testkit";
import { LocalApi } from "./local-api.ts";

const NO_CLIENT = "No client is running. Start one with `postern http` or `postern start`.\n";

const cleanup = new Cleanup();
let server: ServerProcess;
let origin: Origin;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  origin = await Origin.start(cleanup.defer, (_, outgoing) => outgoing.end("hello"));
});
afterAll(() => cleanup.run());

/** A folder for the run files of the clients of one test. */
function runtimeFolder(): Record<string, string> {
  return { XDG_RUNTIME_DIR: scratchFolder(onTestFinished) };
}

async function status(env: Record<string, string>, ...args: string[]): Promise<Program> {
  const program = postern(onTestFinished, ["status", ...args], { env });
  await program.exited;
  return program;
}

test("a running client serves its status, and `postern status` finds it", async () => {
  const env = runtimeFolder();
  const none = await status(env);
  expect([none.exit?.code, none.stdout]).toEqual([1, NO_CLIENT]);

  const client = await ClientProcess.start(onTestFinished, { server, target: origin.port, subdomain: "told", env });
  const api = await LocalApi.of(client, env);
  await until("it to be healthy", async () => (await api.ask("/health")).status === 200);
  await exchange(server.port, { host: client.host, path: "/counted" });
  await client.event("http_request");
  expect(await api.json("/api/status")).toMatchObject({
    schema: 1,
    pid: client.pid,
    healthy: true,
    endpoints: [
      {
        endpoint: "told",
        state: "connected",
        public_url: client.url.origin,
        metrics: { total_connections: 1, successful_connections: 1, http_requests: 1, bytes_out: 5 },
        config_summary: { local: String(origin.port), auth_method: "api_key" },
      },
    ],
  });
  expect(await api.json("/api/events?type=http_request")).toMatchObject({
    events: [{ type: "http_request", endpoint: "told", data: { path: "/counted", status: 200 } }],
  });

  await client.event("pong");
  const body = await api.json("/api/status");
  const { health } = (body as { endpoints: { health: Record<string, unknown> }[] }).endpoints[0] ?? { health: {} };
  expect([typeof health["avg_ping_latency_ms"], typeof health["last_ping"]]).toEqual(["number", "string"]);

  const table = await status(env);
  expect([table.exit?.code, table.stdout]).toEqual([0, expect.stringMatching(/^ENDPOINT .*\ntold +connected +http:/)]);
  const json = await status(env, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    schema: 1,
    healthy: true,
    clients: [{ command: "http", pid: client.pid, endpoints: [{ endpoint: "told" }] }],
    unanswered: [],
  });
  await client.program.terminate();
  expect((await status(env)).exit?.code).toBe(1);
  expect(readdirSync(join(String(env["XDG_RUNTIME_DIR"]), "postern"))).toEqual([]);
});

test("a local service that is not there is reported, lowers the health, and is noticed when it is there", async () => {
  const env = runtimeFolder();
  const port = await claimPort();
  const client = await ClientProcess.start(onTestFinished, { server, target: `:${port}`, subdomain: "early", env });
  const missing = await client.program.waitFor("a report", () =>
    client.events.find(({ data }) => data["local"] === "failing"),
  );
  expect(missing).toMatchObject({
    type: "status_update",
    message: `nothing listens at localhost:${port}. Visitors get status 502 until the local service runs.`,
    data: { code: "PN_DIAL_REFUSED" },
  });
  const api = await LocalApi.of(client, env);
  expect((await api.ask("/health")).status).toBe(503);
  const table = await status(env);
  expect([table.exit?.code, table.stdout]).toEqual([1, expect.stringMatching(/\nearly +connected +http:\S+ +down /)]);
  expect(table.stdout).toContain(`early: the local service at localhost:${port} is down: visitors get status 502.`);

  const late = createServer((_, outgoing) => void outgoing.end("late"));
  onTestFinished(() => void late.close());
  await once(late.listen(port, "127.0.0.1"), "listening");
  expect((await exchange(server.port, { host: client.host })).body.toString()).toBe("late");
  await until("it to be healthy", async () => (await api.ask("/health")).status === 200);
  expect((await status(env)).stdout).toMatch(/\nearly +connected +http:\S+ +ok /);
});

test("several clients, one of them killed and one failing", async () => {
  const env = runtimeFolder();
  const launch = (subdomain: string): Promise<ClientProcess> =>
    ClientProcess.start(onTestFinished, { server, target: origin.port, subdomain, env });
  const [first, second] = await Promise.all([launch("beside-1"), launch("beside-2")]);
  const apis = await Promise.all([LocalApi.of(first, env), LocalApi.of(second, env)]);
  expect(apis[0].url).not.toBe(apis[1].url);
  const both = await status(env, "--json");
  expect([both.exit?.code, (JSON.parse(both.stdout) as { clients: unknown[] }).clients.length]).toEqual([0, 2]);

  await first.program.kill();
  const one = await status(env, "--json");
  const { clients, unanswered } = JSON.parse(one.stdout) as { clients: { pid: number }[]; unanswered: unknown[] };
  expect([one.exit?.code, clients.map(({ pid }) => pid), unanswered]).toEqual([0, [second.pid], []]);

  const lost = await ServerProcess.start(onTestFinished);
  const third = await ClientProcess.start(onTestFinished, {
    server: lost,
    target: origin.port,
    subdomain: "lost",
    env,
  });
  await lost.program.kill();
  await third.event("reconnection");
  const failing = await status(env);
  expect(failing.exit?.code).toBe(1);
  expect(failing.stdout).toMatch(/\n\d+ +lost +(reconnecting|connecting) /);
  expect(failing.stdout).toMatch(/\nlost: .*[;(] ?PN_\w+, \d+ s ago/);
});

test("a client that does not respond is listed", async () => {
  const env = runtimeFolder();
  const client = await ClientProcess.start(onTestFinished, { server, target: origin.port, env });
  client.program.signal("SIGSTOP");
  const asked = await status(env);
  client.program.signal("SIGCONT");
  expect([asked.exit?.code, asked.stdout]).toEqual([1, expect.stringContaining("no response")]);
});

test("the status of `postern start` has all endpoints, also after a reload", async () => {
  const env = runtimeFolder();
  const endpoint = (name: string, url = server.url): string =>
    `[[tunnel.endpoints]]\nserver_url = "${url}"\nsubdomain = "${name}"\nlocal = ${origin.port}\n`;
  const start = StartProcess.launch(onTestFinished, endpoint("all-1") + endpoint("all-2"), env);
  await start.tunnel("all-1");
  await start.tunnel("all-2");
  const api = await LocalApi.of(start, env);
  const states = async (): Promise<string> => {
    const { endpoints } = (await api.json("/api/status")) as { endpoints: { endpoint: string; state: string }[] };
    return endpoints.map(({ endpoint, state }) => `${endpoint} ${state}`).join(", ");
  };
  await until("both", async () => (await states()) === "all-1 connected, all-2 connected");
  start.replace(endpoint("all-2") + endpoint("www"));
  await until("the other two", async () => (await states()) === "all-2 connected, www failed");
  expect((await api.ask("/health")).status).toBe(503);
  start.replace(endpoint("all-2"));
  await until("the one that is left", async () => (await states()) === "all-2 connected");
  expect((await api.ask("/health")).status).toBe(200);
  await start.program.terminate();
});

test("disabled parts are not available", async () => {
  const env = runtimeFolder();
  const launch = (more: Record<string, string>): Promise<ClientProcess> =>
    ClientProcess.start(onTestFinished, { server, target: origin.port, env: { ...env, ...more } });
  const client = await launch({ POSTERN_LOCAL_API_ENABLED: "no" });
  expect(client.events.some(({ data }) => data["state"] === "local_api")).toBe(false);
  await launch({ POSTERN_TUNNEL_MONITORING_ENABLED: "no" });
  expect((await status(env)).stdout).toBe(NO_CLIENT);

  const uncounted = await launch({ POSTERN_TUNNEL_MONITORING_COLLECT_METRICS: "no" });
  const api = await LocalApi.of(uncounted, env);
  expect((await api.ask("/metrics")).status).toBe(404);
  const open = ClientProcess.launch(onTestFinished, { server, target: 1, env, args: ["--local-api", "0.0.0.0:4040"] });
  await open.program.ends(2);
  expect(open.program.stderr).toContain("must be a loopback address");
});

test("--watch refreshes until it is stopped", async () => {
  const env = runtimeFolder();
  const program = postern(onTestFinished, ["status", "--watch", "--json"], { env });
  const looks = (): boolean[] =>
    program.stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { healthy: boolean }).healthy);
  await program.waitFor("two looks", () => looks().length > 1);
  const client = await ClientProcess.start(onTestFinished, { server, target: origin.port, env });
  await program.waitFor("the client", () => looks().at(-1));
  await client.program.terminate();
  await program.waitFor("its end", () => looks().at(-1) === false);
  await program.terminate();
});
