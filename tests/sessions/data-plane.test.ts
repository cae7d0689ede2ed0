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
import { ScriptedClient } from "../scripted-client.ts";

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
  events.flatMap(({ type, data }) => (type === "status_update" ? (data.data_plane ?? []) : []));

/** A valid probe field for this tunnel. */
function probeField(tunnelId: string): string {
  const nonce = randomBytes(16).toString("hex");
  return `${nonce}.${createHmac("sha256", tunnelId).update(nonce).digest("hex")}`;
}

test("a client checks that requests reach it, and the probes appear nowhere else", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel, events] = await open("probed", origin.port);
  expect(tunnel.dataPlane).toBe("unknown");
  await until("the data plane to be ok", () => tunnel.dataPlane === "ok");
  const { status } = await exchange(server.port, { host: new URL(tunnel.url).host, path: "/visitor" });
  expect(status).toBe(200);
  await until("the visitor's request to be reported", () => events.some(({ type }) => type === "http_request"));
  expect(events.filter(({ type }) => type === "http_request").map(({ data }) => data)).toMatchObject([
    { path: "/visitor" },
  ]);
  expect(origin.requests.map(({ url }) => url)).toEqual(["/visitor"]);
  expect(states(events)).toEqual(["ok"]);
});

test("the command reports the data plane too", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const client = await ClientProcess.start(onTestFinished, { server, target: origin.port });
  const event = await client.program.waitFor("the data plane", () =>
    client.events.find(({ type, data }) => type === "status_update" && "data_plane" in data),
  );
  expect(event.data).toEqual({ data_plane: "ok" });
});

test("over TLS a probe uses the tunnel's name, as visitors do", async ({ skip }) => {
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
  await until("the data plane to be ok", () => tunnel.dataPlane === "ok");
});

test("the data plane does not depend on the local service", async () => {
  const origin = await Origin.start(onTestFinished, () => {});
  await origin.close();
  const [tunnel] = await open("no-service", origin.port);
  await until("the data plane to be ok", () => tunnel.dataPlane === "ok");
});

test.for([
  ["with an invented value", () => "x"],
  ["with a value of valid form", () => `${"0".repeat(32)}.${"0".repeat(64)}`],
  ["with a valid value that the client did not send", probeField],
] as const)("a visitor's probe %s is forwarded like any other request, byte for byte", async ([kind, field]) => {
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

test("a probe returns to the session that sent it, on a separate stream; a forged one does not", async () => {
  const start = (): Promise<ScriptedClient> =>
    ScriptedClient.start(onTestFinished, { port: server.port, subdomain: "probes", instance: "one", body: "answer" });
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

test("a client reports that requests no longer arrive on a live session, and replaces the session", async () => {
  const steady = await (async () => {
    const [tunnel] = await open("beside", (await startEchoOrigin(onTestFinished)).port);
    return SteadyVisitor.start(onTestFinished, server.port, new URL(tunnel.url).host);
  })();
  const proxy = await MisroutingProxy.start(onTestFinished, server.port);
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel, events] = await open("wedged", origin.port, proxy.url);
  await until("the data plane to be ok", () => tunnel.dataPlane === "ok");
  const visit = async (): Promise<number> => (await exchange(server.port, { host: new URL(tunnel.url).host })).status;
  expect(await visit()).toBe(200);

  proxy.misroutes = true;
  await until("the failure to be reported", () => states(events).includes("failing"));
  await until("the session to be replaced", () =>
    events.some(({ data }) => "code" in data && data.code === "PN_DATA_PLANE_LOST"),
  );
  proxy.misroutes = false;
  await until("the data plane to be ok again", () => tunnel.dataPlane === "ok" && tunnel.state === "connected");
  expect(await visit()).toBe(200);
  expect(states(events).slice(0, 3)).toEqual(["ok", "failing", "unknown"]);
  expect(states(events).at(-1)).toBe("ok");
  const failing = events.find(({ data }) => "data_plane" in data && data.data_plane === "failing");
  expect(failing?.data).toMatchObject({ error: expect.stringContaining("503 PN_TUNNEL_AWAY") });
  await steady.stopAndCheck();
});

test("a client whose relay is stuck while heartbeats continue reports it, with a low health score", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const [tunnel, events] = await open("stuck", origin.port);
  await until("the data plane to be ok", () => tunnel.dataPlane === "ok");
  const scoreBefore = tunnel.status().health.score;

  // The client accepts streams and ignores them.
  const relay = vi.spyOn(TunnelSession.prototype, "onStream").mockImplementation((stream) => {
    stream.handler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };
  });
  onTestFinished(() => relay.mockRestore());
  const pongs = (): number => events.filter(({ type }) => type === "pong").length;
  const pongsBefore = pongs();
  await until("the failure to be reported", () => tunnel.dataPlane === "failing");
  await until("another heartbeat", () => pongs() > pongsBefore);
  const { score, data_plane } = tunnel.status().health;
  expect([tunnel.state, data_plane]).toEqual(["connected", "failing"]);
  expect(score).toBeLessThan(scoreBefore - 50);
  expect(states(events)).toEqual(["ok", "failing"]);

  relay.mockRestore();
  await until("the data plane to be ok again", () => tunnel.dataPlane === "ok");
});
