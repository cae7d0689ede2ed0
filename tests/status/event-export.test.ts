import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  ConnectProxy,
  needs,
  Origin,
  scratchFolder,
  ServerProcess,
  StartProcess,
  until,
  type ClientEvent,
  type ConnectProxyOptions,
} from "@postern/testkit";
import { LocalApi } from "./local-api.ts";

const METRICS_PAGE = fileURLToPath(new URL("../../docs/metrics.md", import.meta.url));
const SECRET = "s3cr3t-of-the-webhook";

const cleanup = new Cleanup();
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

function endpoint(name: string): string {
  return `[[tunnel.endpoints]]\nserver_url = "${server.url}"\nsubdomain = "${name}"\nlocal = 1\n`;
}

/** Receives deliveries; responds with the next of `statuses`, then with 204. */
async function receiver(...statuses: number[]) {
  const received: { body: string; signature: string | undefined }[] = [];
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const signature = incoming.headers["postern-signature"];
      received.push({ body: String(Buffer.concat(chunks)), signature: signature as string | undefined });
      outgoing.writeHead(statuses.shift() ?? 204).end();
    });
  });
  const events = (): ClientEvent[] =>
    received.flatMap(({ body }) => (JSON.parse(body) as { events: ClientEvent[] }).events);
  return { origin, received, events };
}

type Case = [secret: string, body: string, signature?: string | undefined, now?: number];

/** The results of the verification function in docs/metrics.md. */
function documentedCheck(cases: Case[]): boolean[] {
  const [, text = ""] = /^```js\n([^]*?)^```$/m.exec(readFileSync(METRICS_PAGE, "utf8")) ?? [];
  const file = join(scratchFolder(onTestFinished), "check.mjs");
  const run = "console.log(JSON.stringify(JSON.parse(process.argv[2]).map((each) => isGenuine(...each))));";
  writeFileSync(file, `${text}\n${run}\n`);
  const { stdout, stderr } = spawnSync(process.execPath, [file, JSON.stringify(cases)], { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as boolean[];
}

test("events are delivered once despite a failed attempt, with the documented signature", async () => {
  const { origin, received, events } = await receiver(500);
  const monitoring = `[tunnel.monitoring]\nstatus_webhook = "http://127.0.0.1:${origin.port}/hook"\nwebhook_secret = "${SECRET}"\n`;
  const start = StartProcess.launch(onTestFinished, monitoring + endpoint("hooked"));
  await start.tunnel("hooked");
  await until("the tunnel to be reported", () => events().some(({ type }) => type === "tunnel_established"));
  await start.program.terminate();
  const [first, ...later] = received;
  expect(first?.body).toBe(later[0]?.body);
  const told = events().slice(events().length - new Set(events().map((each) => JSON.stringify(each))).size);
  expect(told.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["connection_attempt", "authentication_success", "tunnel_established"]),
  );

  for (const { body, signature } of received)
    expect(
      documentedCheck([
        [SECRET, body, signature],
        [SECRET, `${body} `, signature],
        ["another secret", body, signature],
        [SECRET, body, signature, Date.now() + 3_600_000],
        [SECRET, body],
      ]),
    ).toEqual([true, false, false, false, false]);
  expect(start.program.output + received.map(({ body }) => body).join("")).not.toContain(SECRET);
});

test("delivered and lost events are counted in the status and the metrics", async () => {
  const { origin, received } = await receiver(404);
  const configuration = `[tunnel.monitoring]\nstatus_webhook = "http://127.0.0.1:${origin.port}/"\n${endpoint("counted")}`;
  const env = { XDG_RUNTIME_DIR: scratchFolder(onTestFinished) };
  const start = StartProcess.launch(onTestFinished, configuration, env);
  const api = await LocalApi.of(start, env);
  await start.tunnel("counted");
  await until("a delivery to be refused", () => received.length > 0);
  start.replace(`${configuration}\n`);
  await until("another to arrive, and both to be counted", async () => {
    const [refused = 0, ...arrived] = received.map(
      ({ body }) => (JSON.parse(body) as { events: unknown[] }).events.length,
    );
    const expected = { events_delivered: arrived.reduce((sum, events) => sum + events, 0), events_lost: refused };
    const { webhook } = (await api.json("/api/status")) as { webhook: unknown };
    return arrived.length > 0 && isDeepStrictEqual(webhook, expected);
  });
  const { text: metrics } = await api.ask("/metrics");
  expect(metrics).toMatch(/^postern_client_webhook_events_delivered_total [1-9]\d*$/m);
  expect(metrics).toMatch(/^postern_client_webhook_events_lost_total [1-9]\d*$/m);
});

test("a webhook whose name resolves to a private address is refused by default", async () => {
  const { origin, received } = await receiver();
  // The machine's own name, other than localhost.
  const hosts = readFileSync("/etc/hosts", "utf8");
  const name = /^(?:127\.|10\.|192\.168\.|172\.|100\.|::1|fd)\S*\s+(?!localhost\b)(?!\S*\.localhost)(\S+)/m.exec(
    hosts,
  )?.[1];
  const configuration = (allowed: boolean): string =>
    `[tunnel.monitoring]\nstatus_webhook = "http://${name ?? "private.invalid"}:${origin.port}/hook"\nwebhook_allow_private = ${allowed}\n`;
  const refused = StartProcess.launch(onTestFinished, configuration(false) + endpoint("private"));
  const trouble = await refused.status("monitoring_failing");
  expect(trouble.message).toMatch(name === undefined ? /status_webhook/ : /webhook_allow_private/);
  await refused.program.terminate();
  expect(received).toEqual([]);
});

describe("with an outbound proxy", () => {
  const startProxy = (options: ConnectProxyOptions): Promise<ConnectProxy> =>
    ConnectProxy.start(onTestFinished, options);
  /** A client with the webhook `url`, in an environment with no proxies other than those of `env`. */
  const launch = (url: string, env: Record<string, string>, monitoring = "", tunnel = ""): StartProcess => {
    const without = Object.fromEntries(
      ["HTTP", "HTTPS", "ALL", "NO"].flatMap((name) => [
        [`${name}_PROXY`, ""],
        [`${name.toLowerCase()}_proxy`, ""],
      ]),
    );
    const configuration = `[tunnel]\n${tunnel}\n[tunnel.monitoring]\nstatus_webhook = "${url}"\n${monitoring}\n${endpoint("proxied")}proxy = "none"\n`;
    return StartProcess.launch(onTestFinished, configuration, { ...without, ...env });
  };

  test("deliveries go through it", async () => {
    const { origin, events } = await receiver();
    const proxy = await startProxy({ port: origin.port, credentials: `me:${SECRET}` });
    const env = { HTTP_PROXY: `http://me:${SECRET}@127.0.0.1:${proxy.port}` };
    const start = launch("http://hooks.test/hook", env);
    await until("the tunnel to be reported", () => events().some(({ type }) => type === "tunnel_established"));
    expect(new Set(proxy.asked)).toEqual(new Set(["hooks.test:80"]));
    await start.program.terminate();
    expect(start.program.output).not.toContain(SECRET);
    await until("the proxy to be left", () => proxy.connections === 0);
  });

  test("TLS is end to end, and nothing is sent to an untrusted receiver", async (context) => {
    needs(context, "openssl");
    const ca = new CertificateAuthority(onTestFinished);
    const files = ca.issue({ names: ["hooks.test"] });
    let received = 0;
    const hooks = createServer(
      { cert: readFileSync(files.certificate), key: readFileSync(files.key) },
      (incoming, outgoing) => {
        received++;
        incoming.resume();
        outgoing.writeHead(204).end();
      },
    );
    await once(hooks.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void hooks.close());
    const proxy = await startProxy({ port: (hooks.address() as AddressInfo).port });
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}`, HTTP_PROXY: "http://127.0.0.1:9" };
    const wary = launch("https://hooks.test/hook", env);
    expect((await wary.status("monitoring_failing")).message).toMatch(/status_webhook: .*certificate/);
    await wary.program.terminate();
    expect(received).toBe(0);
    const trusting = launch("https://hooks.test/hook", { ...env, NODE_EXTRA_CA_CERTS: ca.certificate });
    await until("a delivery", () => received > 0);
    await trusting.program.terminate();
    expect(new Set(proxy.asked)).toEqual(new Set(["hooks.test:443"]));
  });

  test("private addresses are refused by default", async () => {
    const { origin, received } = await receiver();
    const proxy = await startProxy({ port: origin.port });
    const env = { HTTP_PROXY: `127.0.0.1:${proxy.port}` };
    const refused = launch("http://10.1.2.3/hook", env);
    expect((await refused.status("monitoring_failing")).message).toContain("webhook_allow_private");
    await refused.program.terminate();
    expect([proxy.asked, received]).toEqual([[], []]);
    const allowed = launch("http://10.1.2.3/hook", env, "webhook_allow_private = true");
    await until("a delivery", () => received.length > 0);
    await allowed.program.terminate();
    expect(new Set(proxy.asked)).toEqual(new Set(["10.1.2.3:80"]));
  });

  test("receivers on this machine are reached without it", async () => {
    const { origin, received } = await receiver();
    const proxy = await startProxy({ port: origin.port });
    const start = launch(`http://localhost:${origin.port}/hook`, {}, "", `proxy = "http://127.0.0.1:${proxy.port}"`);
    await until("a delivery", () => received.length > 0);
    await start.program.terminate();
    expect(proxy.asked).toEqual([]);
  });

  test.for<[string, Record<string, string>, string]>([
    ["NO_PROXY", { NO_PROXY: ".test" }, ""],
    ["proxy = none in the file", {}, 'proxy = "none"'],
  ])("%s exempts receivers from it", async ([, env, tunnel]) => {
    const proxy = await startProxy({});
    const start = launch("http://hooks.test/hook", { HTTP_PROXY: `127.0.0.1:${proxy.port}`, ...env }, "", tunnel);
    expect((await start.status("monitoring_failing")).message).toMatch(/hooks\.test/);
    await start.program.terminate();
    expect(proxy.asked).toEqual([]);
  });

  test("a proxy that fails or is not supported is reported without its credentials", async () => {
    const dead = launch("http://hooks.test/hook", { HTTP_PROXY: `http://me:${SECRET}@127.0.0.1:9` });
    expect((await dead.status("monitoring_failing")).message).toMatch(/status_webhook: .*127\.0\.0\.1:9.*ECONNREFUSED/);
    await dead.program.terminate();
    const unusable = launch("http://hooks.test/hook", { ALL_PROXY: `socks5://me:${SECRET}@127.0.0.1:9` });
    await unusable.program.ends(2);
    expect(unusable.program.stderr).toMatch(/ALL_PROXY: .*PN_CONFIG_INVALID/);
    expect(dead.program.output + unusable.program.output).not.toContain(SECRET);
  });
});

test("a receiver that hangs delays neither tunnels nor the exit", async () => {
  const hanging = await Origin.start(onTestFinished, () => {});
  const monitoring = `[tunnel.monitoring]\nstatus_webhook = "http://127.0.0.1:${hanging.port}/"\n`;
  const start = StartProcess.launch(onTestFinished, monitoring + endpoint("hanging"));
  await start.tunnel("hanging");
  await until("a delivery to hang", () => hanging.requests.length > 0);
  await start.program.terminate();
});

test("the event log has one line per event and is rotated when it is full", async () => {
  const logging = "[logging]\nfile_size_mb = 0.001\nretention_days = 1\n";
  const monitoring = '[tunnel.monitoring]\nevent_log_file = "kept/events.jsonl"\nlog_events = false\n';
  const start = StartProcess.launch(onTestFinished, logging + monitoring + endpoint("logged"));
  await start.tunnel("logged");
  await start.program.terminate();
  const folder = join(start.folder, "kept");
  const files = readdirSync(folder).toSorted();
  expect(files).toContain("events.jsonl");
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    expect(file).toMatch(/^events(-[\dT-]+Z)?\.jsonl$/);
    expect(statSync(join(folder, file)).mode & 0o007).toBe(0);
  }
  const lines = files.flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n").slice(0, -1));
  const told = new Set(lines.map((line) => (JSON.parse(line) as ClientEvent).type));
  for (const type of ["connection_attempt", "authentication_success", "tunnel_established"])
    expect(told).toContain(type);
  // log_events is off: the log has only the line with the public URL.
  const logged = start.program.stderr.split("\n").filter((line) => line.includes("logged"));
  expect(logged).toEqual([expect.stringContaining("public_url=")]);
});

test("an event log that cannot be written is refused at start", async () => {
  const folder = scratchFolder(onTestFinished);
  mkdirSync(join(folder, "events"));
  const monitoring = `[tunnel.monitoring]\nevent_log_file = "${join(folder, "events")}/x\\u0000y"\n`;
  const start = StartProcess.launch(onTestFinished, monitoring + endpoint("unwritten"));
  await start.program.ends(2);
  const taken = StartProcess.launch(
    onTestFinished,
    `[tunnel.monitoring]\nevent_log_file = "/dev/null/events.jsonl"\n${endpoint("unwritten")}`,
  );
  await taken.program.ends(2);
  expect(taken.program.stderr).toContain("PN_LOG_UNWRITABLE");
  expect(taken.program.stderr).toContain("event_log_file");
});
