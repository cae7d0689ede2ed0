import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  exchange,
  Origin,
  Published,
  scratchFolder,
  ServerProcess,
  StartProcess,
  until,
} from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
let origin: Origin;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  origin = await Origin.start(cleanup.defer, (_, outgoing) => outgoing.end("answer"));
});
afterAll(() => cleanup.run());

let names = 0;

/** Starts one endpoint with this `[logging]`; `ask` sends a request to it. */
async function logged(
  logging: string,
  more = "",
): Promise<{ start: StartProcess; ask: (path: string) => Promise<void> }> {
  const name = `log-${(names += 1)}`;
  const endpoint = `[[tunnel.endpoints]]\nserver_url = "${server.url}"\nsubdomain = "${name}"\nlocal = ${origin.port}\n`;
  const start = StartProcess.launch(onTestFinished, `${endpoint}\n[logging]\n${logging}\n${more}`);
  const { host } = await start.tunnel(name);
  const ask = async (path: string): Promise<void> => {
    expect((await exchange(server.port, { host, path })).status).toBe(200);
  };
  return { start, ask };
}

const linesOf = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);

function entries(file: string): Record<string, unknown>[] {
  return linesOf(file).map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("files have JSON lines while the console has text; a request is one line with id and figures", async () => {
  const { start, ask } = await logged(
    'file_logging = true\nstructured_logging = true\nlogs_directory = "logs"',
    '[application]\nname = "shop"\nenvironment = "test"\n',
  );
  await ask("/first?x=1");
  const file = join(start.folder, "logs", "start.log");
  const request = await until("the request in the file", () => entries(file).find(({ path }) => path === "/first?x=1"));
  expect(request).toMatchObject({ level: "info", app: "shop", environment: "test", method: "GET", status: 200 });
  expect(Object.keys(request)).toEqual(expect.arrayContaining(["time", "request_id", "duration_ms", "bytes_out"]));
  expect(start.program.stderr).toMatch(/INFO +log-\d+ +GET \/first\?x=1 +200 .* request_id=/);
  await start.program.terminate();
  // No line is lost at the end.
  expect(entries(file).map(({ msg }) => msg)).toEqual(
    expect.arrayContaining([expect.stringContaining("Stopping"), "Tunnel closed."]),
  );
  expect(statSync(file).mode & 0o007).toBe(0);
});

test("ids and figures can be omitted, and each part of the program has its own level", async () => {
  const { start, ask } = await logged(
    'file_logging = true\noutput_mode = "file"\nlogs_directory = "logs"\nformat = "json"\nenable_request_ids = false\nenable_performance_metrics = false\n[logging.levels]\ntunnel = "warn"',
  );
  await ask("/bare");
  const file = join(start.folder, "logs", "start.log");
  const request = await until("the request", () => entries(file).find(({ path }) => path === "/bare"));
  expect(Object.keys(request)).not.toEqual(expect.arrayContaining(["request_id"]));
  expect(Object.keys(request)).not.toEqual(expect.arrayContaining(["duration_ms"]));
  // The level of `tunnel` hides the opened tunnel, and the console has no output.
  expect(readFileSync(file, "utf8")).not.toContain("public_url");
  expect(start.program.stderr).toBe("");
});

test("a full file is rotated; old files are deleted, and no others", async () => {
  const folder = join(StartProcess.launch(onTestFinished, "").folder, "shared");
  const { start, ask } = await logged(
    `file_logging = true\nformat = "json"\nfile_size_mb = 0.002\nretention_days = 3\nlogs_directory = "${folder}"`,
  );
  const old = join(folder, "start-2020-01-01T00-00-00-000Z.log");
  const foreign = join(folder, "start-of-something-else.log");
  for (const file of [old, foreign]) {
    writeFileSync(file, "old\n");
    utimesSync(file, new Date("2020-01-01"), new Date("2020-01-01"));
  }
  const logs = (): string[] => readdirSync(folder).filter((name) => /^start(-\d{4}-.*Z)?\.log$/.test(name));
  for (let number = 0; number < 40; number += 1) {
    await ask(`/fill/${number}`);
    await until("its line", () =>
      logs().some((name) => readFileSync(join(folder, name), "utf8").includes(`/${number}"`)),
    );
  }
  await start.program.terminate();
  const files = logs();
  expect(files.length).toBeGreaterThan(3);
  for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThan(3_000);
  // Across all rotations, no line is missing, repeated or cut.
  const paths = files.flatMap((name) => entries(join(folder, name)).map(({ path }) => path)).filter((path) => path);
  expect(new Set(paths)).toEqual(new Set(Array.from({ length: 40 }, (_, number) => `/fill/${number}`)));
  expect(paths).toHaveLength(40);
  expect(readdirSync(folder)).toContain("start-of-something-else.log");
  expect(files).not.toContain("start-2020-01-01T00-00-00-000Z.log");
});

test("without events in the log, the public URL is still printed, and requests are not", async () => {
  const { start, ask } = await logged('format = "text"', "[tunnel.monitoring]\nlog_events = false\n");
  await start.program.waitFor("its address", () => start.program.stderr.includes("public_url="));
  await ask("/unlogged");
  await start.program.terminate();
  expect(start.program.stderr).not.toContain("/unlogged");
});

test("without files, the console is used for any output_mode", async () => {
  const { start } = await logged('output_mode = "file"');
  await start.program.waitFor("its address", () => start.program.stderr.includes("public_url="));
});

test("an impossible folder is refused at start", async () => {
  const start = StartProcess.launch(
    onTestFinished,
    `[[tunnel.endpoints]]\nserver_url = "${server.url}"\nlocal = 1\n[logging]\nfile_logging = true\nlogs_directory = "postern.toml/logs"\n`,
  );
  await start.program.ends(2);
  expect(start.program.stderr).toMatch(/PN_LOG_UNWRITABLE[^]*logs_directory/);
});

describe("the server's lines about requests", () => {
  test.for([
    ["have the visitor's address, the host and the User-Agent without secrets", ""],
    [
      "do not have them if they are switched off",
      "enable_visitor_addresses = false\nenable_request_hosts = false\nenable_user_agents = false\n",
    ],
  ] as const)("%s", async ([, options]) => {
    const file = join(scratchFolder(onTestFinished), "postern.toml");
    writeFileSync(file, `[logging]\nformat = "json"\n${options}`, { mode: 0o600 });
    const loud = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
    const { host } = await Published.start(onTestFinished, origin.port, { server: loud });
    await exchange(loud.port, { host, path: "/logged", headers: { "user-agent": "probe/1.0 (token=canary)" } });
    const line = await until("the line", () =>
      loud.program.output.split("\n").find((text) => text.startsWith("{") && text.includes('"/logged"')),
    );
    const fields = { visitor: "127.0.0.1", host: host.split(":")[0], user_agent: "probe/1.0 (token=***)" };
    const entry = JSON.parse(line) as Record<string, unknown>;
    expect(entry).toMatchObject({ msg: "request", status: 200, ended: "complete", owner: "tests" });
    if (options === "") expect(entry).toMatchObject(fields);
    else for (const field of Object.keys(fields)) expect(entry).not.toHaveProperty(field);
  });
});

describe("text of a visitor", () => {
  test("is one valid line of at most 8 KB in the logs of server and client", async () => {
    const args = ["--log-format", "json", "--log-level", "debug"];
    const loud = await ServerProcess.start(onTestFinished, { args });
    const endpoint = `[[tunnel.endpoints]]\nserver_url = "${loud.url}"\nsubdomain = "hostile"\nlocal = ${origin.port}\n`;
    const start = StartProcess.launch(onTestFinished, `${endpoint}[logging]\nlevel = "debug"\nformat = "json"\n`);
    const { host } = await start.tunnel("hostile");
    const paths = [
      '/%0a%0d{"level":"error"}',
      `/${"%22\\".repeat(2_000)}`,
      `/${"a".repeat(7_000)}`,
      "/\x7f".slice(0, 1),
      "/'\"\\u0000</script>",
    ];
    for (const path of paths) await exchange(loud.port, { host, path: encodeURI(path) });
    await start.program.waitFor(
      "all of them",
      () => start.events.filter(({ type }) => type === "http_request").length === paths.length,
    );
    for (const text of [loud.program.stdout, start.program.stderr, start.program.stdout]) {
      const lines = text.split("\n").filter((line) => line !== "");
      expect(lines.length).toBeGreaterThan(paths.length);
      for (const line of lines) {
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(8_192);
        expect(() => JSON.parse(line) as unknown).not.toThrow();
      }
    }
  });

  test("secrets in its URL and fields are in no log and no event", async () => {
    const canary = "canary-of-a-visitor-0123456789";
    const args = ["--log-format", "json", "--log-level", "debug"];
    const loud = await ServerProcess.start(onTestFinished, { args });
    const endpoint = `[[tunnel.endpoints]]\nserver_url = "${loud.url}"\nsubdomain = "quiet"\nlocal = ${origin.port}\n`;
    const start = StartProcess.launch(onTestFinished, `${endpoint}[logging]\nlevel = "debug"\n`);
    const { host } = await start.tunnel("quiet");
    const headers = { authorization: `Bearer ${canary}`, cookie: `session=${canary}`, "x-api-key": canary };
    await exchange(loud.port, { host, path: `/cb?code=${canary}&state=kept&access_token=${canary}`, headers });
    await start.program.waitFor("the request", () => start.program.stdout.includes("state=kept"));
    await start.program.terminate();
    await loud.program.terminate();
    expect(start.program.output + loud.program.output).not.toContain(canary);
  });
});
