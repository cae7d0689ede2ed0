import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { exchange, Origin, Published, scratchFolder, ServerProcess, until, Wire } from "@postern/testkit";

interface Logged {
  readonly server: ServerProcess;
  readonly entries: (count: number) => Promise<Record<string, unknown>[]>;
}

/** A server with an access log and metrics. */
async function logged(more = ""): Promise<Logged> {
  const folder = scratchFolder(onTestFinished);
  const file = join(folder, "postern.toml");
  const monitoring = "[tunnel.server.monitoring]\ncollect_metrics = true\nlog_server_status = true\n";
  const access = '[logging.access]\nenabled = true\nformat = "json"\nfile = "access.log"\n';
  writeFileSync(file, `${monitoring}${access}${more}`, { mode: 0o600 });
  const server = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
  const all = (): string[] => readFileSync(join(folder, "access.log"), "utf8").split("\n").slice(0, -1);
  const entries = (count: number): Promise<Record<string, unknown>[]> =>
    until(`${count} lines`, () => {
      const lines = all();
      return lines.length >= count && lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    });
  return { server, entries };
}

test("requests to tunnels have their lines, also those that reach none, and those that are not valid", async () => {
  const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("answer"));
  const { server, entries } = await logged();
  const { host } = await Published.start(onTestFinished, origin.port, { server });
  const name = host.split(".")[0];
  const headers = { "user-agent": "probe", referer: "https://b.example/?token=canary" };
  expect((await exchange(server.port, { host, path: "/a?token=canary", headers })).status).toBe(200);
  expect((await exchange(server.port, { host: "unknown.localhost", path: "/b" })).status).toBe(404);
  const wire = await Wire.dial(onTestFinished, server.port);
  wire.write(`GET /c HTTP/1.1\r\nHost: ${host}\r\nbad field\r\n\r\n`);
  await wire.over();
  // The client has checked its tunnel with requests of its own, and it has logged in: those have no lines.
  const [tunnel, unknown, invalid, ...rest] = await entries(3);
  expect(rest).toEqual([]);
  expect(tunnel).toMatchObject({
    visitor: "127.0.0.1",
    host: host.split(":")[0],
    path: "/a?token=***",
    status: 200,
    bytes_out: 6,
    referer: "https://b.example/?token=***",
    user_agent: "probe",
    route: name,
    ended: "complete",
  });
  expect(unknown).toMatchObject({ host: "unknown.localhost", path: "/b", status: 404, ended: "refused" });
  expect(unknown).not.toHaveProperty("route");
  expect(String(unknown!["code"])).toMatch(/^PN_TUNNEL_/);
  expect(invalid).toMatchObject({ method: "GET", path: "/c", status: 400, ended: "refused" });

  const metrics = await exchange(server.port, { host: "localhost", path: "/metrics" });
  expect(metrics.body.toString()).toMatch(/^postern_access_log_lines_total 3$/m);
  expect(metrics.body.toString()).toMatch(/^postern_access_log_dropped_lines_total 0$/m);
  await server.program.terminate();
  expect(server.program.output).toMatch(/access_log_lines=3 access_log_dropped=0/);
});

test("requests to tunnels have a trace of their own", async () => {
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) =>
    outgoing.end(String(incoming.headers["traceparent"])),
  );
  const { server, entries } = await logged("[logging.trace_context]\nenabled = true\n");
  const { host } = await Published.start(onTestFinished, origin.port, { server });
  const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const { body } = await exchange(server.port, { host, headers: { traceparent: given } });
  const [entry] = await entries(1);
  expect(body.toString()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(body.toString()).not.toBe(given);
  expect(entry!["trace_id"]).toBe(body.toString().split("-")[1]);
});
