import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  exchange,
  postern,
  Published,
  scratchFolder,
  startEchoOrigin,
  StartProcess,
  TEST_KEY,
  until,
  writeKeys,
  type Exchange,
  type Program,
} from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";
import { SERVER_METRICS } from "@postern/server";

const TOKEN = "token-of-the-metrics-0123";

interface Monitored {
  port: number;
  url: string;
  program: Program;
  ask: (path: string, headers?: Record<string, string>, host?: string) => Promise<Exchange>;
  /** The value of one metric; 0 when it is missing. */
  metric: (line: string) => Promise<number>;
}

/** A server with this `[tunnel.server.monitoring]`. */
async function start(monitoring: string, more = ""): Promise<Monitored> {
  const folder = scratchFolder(onTestFinished);
  const port = await claimPort();
  writeKeys(join(folder, "keys"), { tests: TEST_KEY });
  const file = join(folder, "postern.toml");
  const server = `[tunnel.server]\nlisten = "127.0.0.1:${port}"\n${more}\nauth.api_keys_file = "${join(folder, "keys")}"`;
  writeFileSync(file, `${server}\n[tunnel.server.monitoring]\n${monitoring}\n`, { mode: 0o600 });
  const program = postern(onTestFinished, ["server", "--config", file]);
  const ask: Monitored["ask"] = (path, headers = {}, host = "localhost") => exchange(port, { host, path, headers });
  await program.waitFor("the server to answer", async () => (await ask("/")).status === 200);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    program,
    ask,
    async metric(line) {
      const text = (await ask("/metrics")).body.toString();
      return Number(
        text
          .split("\n")
          .find((each) => each.startsWith(`${line} `))
          ?.slice(line.length + 1) ?? 0,
      );
    },
  };
}

describe("the health endpoint", () => {
  test("has a configurable path", async () => {
    const { ask } = await start('health_endpoint = "/healthz"');
    expect([(await ask("/healthz")).status, (await ask("/health")).status]).toEqual([200, 404]);
  });

  test("is disabled together with the metrics; clients still connect", async () => {
    const { ask, port } = await start("enabled = false\ncollect_metrics = true");
    expect([(await ask("/health")).status, (await ask("/metrics")).status]).toEqual([404, 404]);
    await ScriptedClient.start(onTestFinished, { port, subdomain: "still" });
  });
});

test("without collect_metrics, there are no metrics", async () => {
  const { ask } = await start("");
  expect((await ask("/metrics")).status).toBe(404);
});

test("a service behind a tunnel keeps its own /metrics and /health", async () => {
  const server = await start("collect_metrics = true");
  const origin = await startEchoOrigin(onTestFinished);
  const site = await Published.start(onTestFinished, origin.port, { server: server as never, subdomain: "own" });
  for (const path of ["/metrics", "/health"]) {
    const { body } = await server.ask(path, {}, site.host);
    expect(JSON.parse(body.toString())).toMatchObject({ url: path });
  }
});

test("sessions, tunnels, streams, requests and logins are counted", async () => {
  const { ask, metric, port } = await start("collect_metrics = true");
  const client = await ScriptedClient.start(onTestFinished, { port, subdomain: "counted", body: "12345" });
  const other = await ScriptedClient.start(onTestFinished, { port, subdomain: "other" });
  expect([await metric("postern_sessions"), await metric("postern_tunnels")]).toEqual([2, 2]);
  other.disconnect();
  await until("the other to be gone", async () => (await metric("postern_sessions")) === 1);
  expect(await metric("postern_tunnels")).toBe(1);

  const hold = ask("/hold", {}, "counted.localhost");
  await until("a request to wait", () => client.held.length === 1);
  expect(await metric("postern_streams")).toBe(1);
  expect(await metric("postern_visitor_connections")).toBeGreaterThanOrEqual(1);
  client.respond(client.held[0]!);
  await hold;
  for (let n = 0; n < 3; n++) await ask("/", {}, "counted.localhost");
  await ask("/", {}, "nobody.localhost");
  await ask("/", {}, "other.localhost");

  await until("all to be counted", async () => (await metric('postern_requests_total{status="2xx"}')) === 4);
  expect(await metric('postern_body_bytes_total{direction="out"}')).toBe(20);
  expect(await metric("postern_request_duration_seconds_count")).toBe(4);
  expect(await metric('postern_refused_requests_total{code="PN_TUNNEL_UNKNOWN"}')).toBe(1);
  expect(await metric('postern_refused_requests_total{code="PN_TUNNEL_AWAY"}')).toBe(1);
  expect(await metric('postern_logins_total{outcome="ok"}')).toBe(2);

  await expect(ScriptedClient.dial(onTestFinished, port, "", "a-key-that-nobody-has-0123")).rejects.toThrow();
  await until("the refusal to be counted", async () => {
    return (await metric('postern_logins_total{outcome="PN_AUTH_REFUSED"}')) === 1;
  });
  const text = (await ask("/metrics")).body.toString();
  for (const { name, type } of Object.values(SERVER_METRICS)) expect(text).toContain(`# TYPE ${name} ${type}\n`);
  expect(text).toContain("process_resident_memory_bytes ");
  expect(text).toContain("nodejs_eventloop_lag_p99_seconds ");
});

test("the metrics are refused through a proxy, and served with the token", async () => {
  const open = await start("collect_metrics = true");
  expect((await open.ask("/metrics")).headers["content-type"]).toContain("text/plain");
  const proxied = await open.ask("/metrics", { "x-forwarded-for": "192.0.2.1" });
  expect([proxied.status, proxied.body.toString()]).toEqual([
    403,
    expect.stringContaining("not available from this address"),
  ]);

  const locked = await start(`collect_metrics = true\nmetrics_token = "${TOKEN}"`);
  const unasked = await locked.ask("/metrics");
  expect([unasked.status, unasked.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="metrics"']);
  const headers = { authorization: `Bearer ${TOKEN}`, "x-forwarded-for": "192.0.2.1" };
  expect((await locked.ask("/metrics", headers)).status).toBe(200);
});

describe("the log has the status of the server at the end", () => {
  const monitoring = "log_server_status = true\nlog_tunnel_events = false\n";
  const told = ({ output }: Program): Record<string, unknown>[] =>
    output
      .split("\n")
      .filter((line) => line.includes('"status of the server"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("of `postern server`, even without metrics and tunnel events", async () => {
    const { ask, port, program } = await start(`${monitoring}[logging]\nformat = "json"`);
    const client = await ScriptedClient.start(onTestFinished, { port, subdomain: "logged", body: "12345" });
    for (let n = 0; n < 3; n++) await ask("/", {}, "logged.localhost");
    expect((await ask("/metrics")).status).toBe(404);
    const hold = ask("/hold", {}, "logged.localhost");
    await until("a request to wait", () => client.held.length === 1);
    program.signal("SIGTERM");
    client.respond(client.held[0]!);
    await hold;
    await program.ends(0);
    expect(told(program)).toEqual([
      expect.objectContaining({ level: "info", requests: 4, received_bytes: 0, sent_bytes: 20 }),
    ]);
  });

  test("of `postern start`, as text", async () => {
    const folder = scratchFolder(onTestFinished);
    const port = await claimPort();
    const keys = writeKeys(join(folder, "keys"), { tests: TEST_KEY });
    const server = `[tunnel.server]\nenabled = true\nlisten = "127.0.0.1:${port}"\nauth.api_keys_file = "${keys}"\n`;
    const started = StartProcess.launch(onTestFinished, `${server}[tunnel.server.monitoring]\n${monitoring}`);
    await started.status("listening");
    await started.program.terminate();
    expect(started.program.stderr).toMatch(
      /INFO +status of the server +sessions=0 tunnels=0 guarded_tunnels=0 streams=0 connections=0 requests=0 received_bytes="0 B" sent_bytes="0 B" rss_bytes="\d+ MB"\n/,
    );
  });

  test("only if it is enabled", async () => {
    const { program } = await start('collect_metrics = true\n[logging]\nformat = "json"');
    await program.terminate();
    expect(told(program)).toEqual([]);
  });
});
