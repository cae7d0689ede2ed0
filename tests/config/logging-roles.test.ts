import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  exchange,
  Origin,
  postern,
  Published,
  scratchFolder,
  ServerProcess,
  until,
  type Program,
} from "@postern/testkit";

/** A gateway or a server that runs with `[logging]`. */
interface Running {
  readonly folder: string;
  readonly program: Program;
  /** Sends a request, and waits for its response. */
  readonly ask: (path: string) => Promise<void>;
}

const AGENT = "probe/1.0";

async function launch(role: "serve" | "server", logging: string, prepare: (folder: string) => void): Promise<Running> {
  const folder = scratchFolder(onTestFinished);
  const file = join(folder, "postern.toml");
  prepare(folder);
  const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("answer"));
  if (role === "serve") {
    // The second target accepts no connections: that is a message of the gateway.
    const routes = `[[proxy]]\npath = "/gone"\ntarget = "http://127.0.0.1:1"\n[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:${origin.port}"\n`;
    const local = "[tunnel.local_api]\nenabled = false\n";
    writeFileSync(file, `[logging]\n${logging}\n${local}${routes}`, { mode: 0o600 });
    const port = await claimPort();
    const program = postern(onTestFinished, ["serve", "--config", file, "--listen", `127.0.0.1:${port}`], {
      cwd: folder,
    });
    await program.waitFor("the gateway", async () => (await exchange(port, { host: "a.example" })).status === 200);
    return {
      folder,
      program,
      async ask(path) {
        await exchange(port, { host: "a.example", path, headers: { "user-agent": AGENT } });
      },
    };
  }
  writeFileSync(file, `[logging]\n${logging}\n`, { mode: 0o600 });
  const server = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
  const { host } = await Published.start(onTestFinished, origin.port, { server });
  return {
    folder,
    program: server.program,
    async ask(path) {
      const { status } = await exchange(server.port, { host, path, headers: { "user-agent": AGENT } });
      expect(status).toBe(200);
    },
  };
}

const textOf = (folder: string, name: string): string => readFileSync(join(folder, name), "utf8");

describe.for(["serve", "server"] as const)("[logging] of `postern %s`", (role) => {
  const run = (logging: string, prepare: (folder: string) => void = () => {}): Promise<Running> =>
    launch(role, logging, prepare);
  const FILES = 'file_logging = true\nlogs_directory = "logs"\n';
  const log = `logs/${role}.log`;
  const requests = (text: string): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith("{") && line.includes('"method"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("level", async () => {
    const quiet = await run('level = "warn"');
    const loud = await run('level = "info"');
    for (const { ask } of [quiet, loud]) await ask("/asked");
    await loud.program.waitFor("the line", () => loud.program.output.includes("/asked"));
    await quiet.program.terminate();
    expect(quiet.program.output).not.toContain("/asked");
  });

  test("levels.requests", async () => {
    const quiet = await run('levels = { requests = "warn" }');
    await quiet.ask("/asked");
    await quiet.program.terminate();
    expect(quiet.program.output).not.toContain("/asked");
    const loud = await run('level = "warn"\nlevels = { requests = "info" }');
    await loud.ask("/asked");
    await loud.program.waitFor("the line", () => loud.program.output.includes("/asked"));
  });

  test(role === "serve" ? "levels.gateway" : "levels.server", async () => {
    const part = role === "serve" ? "gateway" : "server";
    const message = role === "serve" ? /Target 127\.0\.0\.1:1/ : /INFO +listening/;
    const path = role === "serve" ? "/gone" : "/a";
    const loud = await run("");
    await loud.ask(path);
    await loud.program.waitFor("the message", () => message.test(loud.program.output));
    const quiet = await run(`levels = { ${part} = "error" }`);
    await quiet.ask(path);
    await quiet.program.waitFor("the request", () => /GET +\/(gone|a)/.test(quiet.program.output));
    await quiet.program.terminate();
    expect(quiet.program.output).not.toMatch(message);
  });

  test("format", async () => {
    const { program, ask } = await run('format = "json"');
    await ask("/asked");
    const entry = await program.waitFor("the line", () =>
      requests(program.output).find(({ path }) => path === "/asked"),
    );
    expect(entry).toMatchObject({ level: "info", method: "GET" });
  });

  test("file_logging, logs_directory, output_mode, file_mode and structured_logging", async () => {
    const { folder, program, ask } = await run(
      `${FILES}output_mode = "file"\nfile_mode = "0640"\nstructured_logging = true\n`,
    );
    await ask("/asked");
    await until("the line", () => requests(textOf(folder, log)).some(({ path }) => path === "/asked"));
    await program.terminate();
    expect(program.output).not.toContain("/asked");
    expect(statSync(join(folder, log)).mode & 0o777).toBe(0o640);
  });

  test("output_mode = both, and text in files without structured_logging", async () => {
    const { folder, program, ask } = await run(`${FILES}output_mode = "both"\n`);
    await ask("/asked");
    await until("the line", () => /GET \/asked/.test(textOf(folder, log)));
    await program.waitFor("the line", () => /GET +\/asked/.test(program.output));
  });

  test("file_size_mb and retention_days", async () => {
    const old = `${role}-2020-01-01T00-00-00-000Z.log`;
    const { folder, ask } = await run(`${FILES}file_size_mb = 0.001\nretention_days = 3\n`, (place) => {
      mkdirSync(join(place, "logs"));
      writeFileSync(join(place, "logs", old), "old\n");
      utimesSync(join(place, "logs", old), new Date("2020-01-01"), new Date("2020-01-01"));
    });
    const names = (): string[] => readdirSync(join(folder, "logs"));
    await until("a rotated file", async () => {
      await ask(`/${"x".repeat(200)}`);
      return names().some((name) => name.startsWith(`${role}-20`));
    });
    expect(names()).not.toContain(old);
  });

  test.for([
    ["enable_request_ids", ["request_id"]],
    ["enable_performance_metrics", ["duration_ms", "bytes_in", "bytes_out"]],
    ["enable_visitor_addresses", ["visitor"]],
    ["enable_request_hosts", ["host"]],
    ["enable_user_agents", ["user_agent"]],
  ] as const)("%s, also in the access log", async ([option, fields]) => {
    const access = 'access = { enabled = true, format = "json", file = "access.log" }\n';
    for (const isOn of [true, false]) {
      const { folder, program, ask } = await run(`format = "json"\n${access}${option} = ${isOn}\n`);
      await ask("/asked");
      const find = (text: string): Record<string, unknown> | undefined =>
        requests(text).find(({ path }) => path === "/asked");
      const entry = await program.waitFor("the line", () => find(program.output));
      const line = await until("the line of the access log", () => find(textOf(folder, "access.log")));
      for (const field of fields) {
        expect(Object.hasOwn(entry, field), field).toBe(isOn);
        expect(Object.hasOwn(line, field), field).toBe(isOn);
      }
    }
  });

  test("enable_performance_metrics in lines for people", async () => {
    const { program, ask } = await run("enable_performance_metrics = false\n");
    await ask("/asked");
    const line = await program.waitFor("the line", () => /^.*GET +\/asked.*$/m.exec(program.output)?.[0]);
    expect(line).toMatch(/ 200/);
    expect(line).not.toMatch(/\d ms|\d B/);
  });

  test("access.output = console: lines of the access log stand in place of others about requests", async () => {
    const { program, ask } = await run('access = { enabled = true, output = "console" }\n');
    await ask("/asked");
    await program.waitFor("the line", () =>
      /^127\.0\.0\.1 - - \[.*\] "GET \/asked HTTP\/1\.1" 200 \d+ /m.test(program.output),
    );
    await program.terminate();
    expect(program.output.match(/\/asked/g)).toHaveLength(1);
  });
});
