import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { connect, type TunnelEvent, type TunnelHandle } from "@postern/client";
import {
  claimPort,
  Cleanup,
  ClientProcess,
  exchange,
  makeCertificate,
  needs,
  Origin,
  postern,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  SteadyVisitor,
  TEST_KEY,
  until,
} from "@postern/testkit";
import { TunnelSession } from "../../packages/client/dist/session/tunnel-session.js";
import { MisroutingProxy } from "./misrouting-proxy.ts";
import { PlayedClient } from "../scripted-client.ts";

const cleanup = new Cleanup();
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

/** A tunnel of a client in this process that probes every second. */
async function open(subdomain: string, local: number, url = server.url): Promise<[TunnelHandle, TunnelEvent[]]> {
  const events: TunnelEvent[] = [];
  const tunnel = await connect({
    server: url,
    apiKey: TEST_KEY,
    subdomain,
    local,
    healthInterval: 1_000,
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => tunnel.close());
  return [tunnel, events];
}

const states = (events: TunnelEvent[]): unknown[] =>
  events.flatMap(({ type, data }) => (type === "status_update" ? [data.data_plane] : []));

/** What a client with this tunnel would send. */
function probeField(tunnelId: string): string {
  const nonce = randomBytes(16).toString("hex");
  return `${nonce}.${createHmac("sha256", tunnelId).update(nonce).digest("hex")}`;
}

test("a client finds out that requests come through, and nobody else hears of it", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel, events] = await open("probed", origin.port);
  expect(tunnel.dataPlane).toBe("unknown");
  await until("the data plane to answer", () => tunnel.dataPlane === "ok");
  const { status } = await exchange(server.port, { host: new URL(tunnel.url).host, path: "/visitor" });
  expect(status).toBe(200);
  await until("the visitor's request to be told", () => events.some(({ type }) => type === "http_request"));
  expect(events.filter(({ type }) => type === "http_request").map(({ data }) => data)).toMatchObject([
    { path: "/visitor" },
  ]);
  expect(origin.requests.map(({ url }) => url)).toEqual(["/visitor"]);
  expect(states(events)).toEqual(["ok"]);
});

test("the command tells it, too", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const client = await ClientProcess.start(onTestFinished, { server, target: origin.port });
  const told = await client.program.waitFor("the data plane", () =>
    client.events.find(({ type, data }) => type === "status_update" && "data_plane" in data),
  );
  expect(told.data).toEqual({ data_plane: "ok" });
});

test("over TLS it asks for the tunnel's name, as visitors do", async ({ skip }) => {
  needs({ skip }, "openssl");
  const { certificate, key } = makeCertificate(onTestFinished);
  const port = await claimPort();
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  const ssl = `[tunnel.server.ssl]\nenabled = true\ncert_file = "${certificate}"\nkey_file = "${key}"`;
  const auth = `[tunnel.server.auth]\napi_keys = ["tests ${TEST_KEY}"]`;
  writeFileSync(file, `[tunnel.server]\nlisten = "127.0.0.1:${port}"\n${auth}\n${ssl}\n`, { mode: 0o600 });
  postern(onTestFinished, ["server", "--config", file]);
  const tunnel = await connect({
    server: `https://localhost:${port}`,
    apiKey: TEST_KEY,
    subdomain: "web",
    local: 9,
    tls: { ca: readFileSync(certificate, "utf8") },
  });
  onTestFinished(() => tunnel.close());
  await until("the data plane to answer", () => tunnel.dataPlane === "ok");
});

test("it does not depend on the local service", async () => {
  const origin = await Origin.start(onTestFinished, () => {});
  await origin.close();
  const [tunnel] = await open("no-service", origin.port);
  await until("the data plane to answer", () => tunnel.dataPlane === "ok");
});

test.for([
  ["made up", () => "x"],
  ["of the right form", () => `${"0".repeat(32)}.${"0".repeat(64)}`],
  ["that only the client could send, but did not", probeField],
] as const)("a visitor's probe %s is a request like any other, to its last byte", async ([kind, field]) => {
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel] = await open("forged", origin.port);
  const probe = field(tunnel.tunnelId);
  const big = "b".repeat(12_000);
  const headers = { "postern-probe": probe, "x-kind": kind, "x-big": big };
  const { status } = await exchange(server.port, { host: new URL(tunnel.url).host, headers });
  expect(status).toBe(200);
  expect(origin.requests).toHaveLength(1);
  const seen = origin.last.headers;
  expect([seen["postern-probe"], seen["x-kind"], seen["x-big"] === big]).toEqual([probe, kind, true]);
});

test("a probe goes to the very session that sent it, on a stream of its own; a forged one does not", async () => {
  const start = (): Promise<PlayedClient> =>
    PlayedClient.start(onTestFinished, { port: server.port, subdomain: "probes", instance: "one", says: "answer" });
  const clients = [await start(), await start(), await start()];
  const visit = (probe: string, path = "/"): Promise<unknown> =>
    exchange(server.port, { host: "probes.localhost", path, headers: { "postern-probe": probe } });
  for (const client of clients)
    for (let n = 1; n <= 3; n++) {
      await visit(probeField(client.bound.tunnel_id));
      expect(client.probes).toBe(n);
    }
  await visit(probeField("another id"));
  await visit(probeField(clients[0]!.bound.tunnel_id), "/elsewhere");
  expect(clients.map(({ probes }) => probes)).toEqual([3, 3, 3]);
});

test("where requests no longer come through though the session lives, that is told, and the session is made anew", async () => {
  const steady = await (async () => {
    const [tunnel] = await open("beside", (await startEchoOrigin(onTestFinished)).port);
    return SteadyVisitor.start(onTestFinished, server.port, new URL(tunnel.url).host);
  })();
  const proxy = await MisroutingProxy.start(onTestFinished, server.port);
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel, events] = await open("wedged", origin.port, proxy.url);
  await until("the data plane to answer", () => tunnel.dataPlane === "ok");
  const visit = async (): Promise<number> => (await exchange(server.port, { host: new URL(tunnel.url).host })).status;
  expect(await visit()).toBe(200);

  proxy.misroutes = true;
  await until("the failure to be told", () => states(events).includes("failing"));
  await until("the session to be given up", () =>
    events.some(({ data }) => "code" in data && data.code === "PN_DATA_PLANE_LOST"),
  );
  proxy.misroutes = false;
  await until("the data plane to answer again", () => tunnel.dataPlane === "ok" && tunnel.state === "connected");
  expect(await visit()).toBe(200);
  expect(states(events).slice(0, 3)).toEqual(["ok", "failing", "unknown"]);
  expect(states(events).at(-1)).toBe("ok");
  const failing = events.find(({ data }) => "data_plane" in data && data.data_plane === "failing");
  expect(failing?.data).toMatchObject({ error: expect.stringContaining("503 PN_TUNNEL_AWAY") });
  await steady.everyTime();
});

test("a client that relays nothing any more while its heartbeats go on says so, and how well it is", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel, events] = await open("stuck", origin.port);
  await until("the data plane to answer", () => tunnel.dataPlane === "ok");
  const before = tunnel.status().health.score;

  // Streams are taken, and nothing comes of them.
  const relay = vi.spyOn(TunnelSession.prototype, "onStream").mockImplementation((stream) => {
    stream.handler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };
  });
  onTestFinished(() => relay.mockRestore());
  const pongs = (): number => events.filter(({ type }) => type === "pong").length;
  const heard = pongs();
  await until("the failure to be told", () => tunnel.dataPlane === "failing");
  await until("another heartbeat", () => pongs() > heard);
  const { score, data_plane } = tunnel.status().health;
  expect([tunnel.state, data_plane]).toEqual(["connected", "failing"]);
  expect(score).toBeLessThan(before - 50);
  expect(states(events)).toEqual(["ok", "failing"]);

  relay.mockRestore();
  await until("the data plane to answer again", () => tunnel.dataPlane === "ok");
});
