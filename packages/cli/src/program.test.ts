import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { needs, scratchFolder } from "@postern/testkit";
import { run } from "./main.js";
import { Output } from "./terminal/output.js";

async function runCommand(...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const read = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? "");
  const exit = await run(args, {
    stdout: new Output(streams.stdout),
    stderr: new Output(streams.stderr),
    env: { HOME: "/nowhere" },
  });
  return { exit, stdout: read(streams.stdout), stderr: read(streams.stderr) };
}

test("the help of an option begins in lower case, unless it begins with an abbreviation", async () => {
  const { stdout } = await runCommand("http", "--help");
  expect(stdout).toMatch(/--subdomain <name> +subdomain to request/);
  expect(stdout).toMatch(/--ca-file <file> +CA certificates that/);
});

test("the help lists the commands", async () => {
  const { exit, stdout, stderr } = await runCommand("--help");
  expect([exit, stderr]).toEqual([0, ""]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name);
  expect(new Set(commands)).toEqual(
    new Set(["demo", "server", "http", "serve", "start", "status", "config", "auth", "doctor", "cert", "help"]),
  );
});

test.for([
  "demo",
  "http",
  "server",
  "serve",
  "start",
  "status",
  "config",
  "config check",
  "auth check",
  "doctor",
  "cert dev",
])("the help of %s has examples, and fits into 80 columns except for commands to copy", async (command) => {
  const { stdout } = await runCommand(...command.split(" "), "--help");
  expect(stdout).toMatch(new RegExp(`^ {2,4}postern ${command.split(" ")[0]}`, "m"));
  expect(stdout.split("\n").filter((line) => line.length > 80 && !line.includes("postern "))).toEqual([]);
});

test("the help of a command names the environment variable of each option", async () => {
  const http = (await runCommand("http", "--help")).stdout.replace(/\s+/g, " ");
  for (const name of ["SERVER_URL", "SUBDOMAIN", "HOST_HEADER", "API_KEY_FILE", "LOG_LEVEL", "LOG_FORMAT", "JSON"]) {
    expect(http).toContain(`env: POSTERN_${name}`);
  }
  const server = (await runCommand("server", "--help")).stdout.replace(/\s+/g, " ");
  for (const name of ["LISTEN", "DOMAIN", "API_KEYS_FILE"]) expect(server).toContain(`env: POSTERN_${name}`);
});

test("help accepts the names of commands and subcommands", async () => {
  for (const names of [[], ["http"], ["auth", "check"], ["help"]])
    expect(await runCommand("help", ...names)).toEqual(await runCommand(...names, "--help"));
});

test("the version is the package's", async () => {
  expect((await runCommand("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.for([
  [[], "Usage: postern"],
  [["htp"], "Did you mean http?"],
  [["http"], "missing required argument 'target'"],
  [["http", "3000", "more"], "too many arguments"],
  [["config", "check", "my.toml"], "got 1: my.toml. Name a configuration file with --config <file>."],
  [["start", "my.toml"], "with --config <file>"],
  [["http", "3000", "--sub", "x"], "unknown option '--sub'"],
  [
    ["http", "3000", "--log-level", "loud"],
    '--log-level must be one of "trace", "debug", "info", "warn", "error", "silent"',
  ],
  [["http", "3000"], "PN_SERVER_MISSING"],
  [["http", "./site"], "PN_FOLDER_UNREADABLE"],
  [["http", "3000", "--spa"], "--browse and --spa need a folder"],
  [["http", "3000", "--server", "http://localhost"], "PN_KEY_MISSING"],
  [["server"], "PN_KEYS_MISSING"],
  [["server", "--listen", "nowhere"], "--listen must be an address to listen on"],
  [["server", "--domain", "https://a.b"], "--domain must be a host name"],
  [["server", "--config", "/nowhere/postern.toml"], "PN_FILE_UNREADABLE"],
  [["start"], "PN_CONFIG_MISSING"],
  [["config", "chek"], "Did you mean check?"],
  [["help", "htp"], "unknown command 'htp'"],
  [["help", "auth", "chek"], "unknown command 'auth chek'"],
] as const)("postern %j is a usage error with a message", async ([args, message]) => {
  const { exit, stdout, stderr } = await runCommand(...args);
  expect(stderr).toContain(message);
  expect(exit).toBe(2);
  expect(stdout).toBe("");
});

test("a folder that does not exist is named, with the command that creates it", async () => {
  for (const command of ["http", "serve"])
    expect((await runCommand(command, "./no-site")).stderr).toMatch(
      /The folder \/.*no-site does not exist[^]*mkdir -p \//,
    );
});

test("a server without keys prints a command that creates one", async () => {
  expect((await runCommand("server")).stderr).toMatch(
    /^ +\(umask 077; .*\) && postern server --api-keys-file postern\.keys$/m,
  );
});

test("with --json, a failure is also an event", async () => {
  const { stdout } = await runCommand("http", "3000", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ type: "error", data: { code: "PN_SERVER_MISSING", retryable: false } });
});

test.for(["--api-key", "--api-keys", "--token", "--password"])(
  "%s is refused, with a message that does not repeat it",
  async (option) => {
    for (const args of [[option, "s3cr3t-s3cr3t-s3cr3t"], [`${option}=s3cr3t-s3cr3t-s3cr3t`]]) {
      const { exit, stdout, stderr } = await runCommand("http", "3000", ...args);
      expect(exit).toBe(2);
      expect(stderr).toContain("PN_SECRET_ARGUMENT");
      expect(stdout + stderr).not.toContain("s3cr3t");
    }
  },
);

test("config check --json prints one object: warnings of a valid file, or each mistake", async () => {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, "[tunnel.server.performance]\nworker_threads = 2\n[tunnel.server.acme]\nenabled = true\n", {
    mode: 0o600,
  });
  const valid = await runCommand("config", "check", "--config", file, "--json");
  expect(JSON.parse(valid.stdout)).toMatchObject({
    type: "status_update",
    data: {
      state: "valid",
      file,
      warnings: [
        expect.stringContaining(
          "[tunnel.server.acme] needs a feature that this version does not support: certificates by ACME",
        ),
        expect.stringContaining("[tunnel.server.performance] has no effect"),
      ],
    },
  });
  expect([valid.exit, valid.stderr]).toEqual([0, expect.stringContaining("is valid")]);

  writeFileSync(file, "[tunnel]\na = 1\nb = 2\n");
  const wrong = await runCommand("config", "check", "--config", file, "--json");
  const { type, data } = JSON.parse(wrong.stdout) as { type: string; data: Record<string, unknown> };
  expect([wrong.exit, type, data["code"]]).toEqual([2, "error", "PN_CONFIG_INVALID"]);
  expect(data["problems"]).toEqual([expect.stringContaining(':2:1: "a"'), expect.stringContaining(':3:1: "b"')]);
});

test.for([
  [
    "a key of the client",
    '[[tunnel.endpoints]]\nserver_url = "http://localhost:1"\nlocal = 1\n[tunnel.auth]\napi_key_file = "none"\n',
  ],
  [
    "a certificate of the server",
    '[tunnel.server]\nenabled = true\nauth.api_keys = ["me 0123456789abcdef"]\n[tunnel.server.ssl]\nenabled = true\ncert_file = "none"\nkey_file = "none"\n',
  ],
] as const)("config check fails like start for a missing file: %s", async ([, text]) => {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, text, { mode: 0o600 });
  for (const command of [["config", "check"], ["start"]]) {
    const { exit, stderr } = await runCommand(...command, "--config", file);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(/none cannot be read: no such file/)]);
  }
});

test.for([
  ["", /add \[\[tunnel\.endpoints\]\]/],
  [
    `[tunnel]\nenabled = false\n[[tunnel.endpoints]]\nserver_url = "http://localhost:1"\nlocal = 1\n`,
    /set enabled = true in \[tunnel\]\n/,
  ],
] as [string, RegExp][])("start names what the file %j lacks", async ([text, advice]) => {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, text, { mode: 0o600 });
  const { exit, stderr } = await runCommand("start", "--config", file);
  expect([exit, stderr]).toEqual([2, expect.stringMatching(advice)]);
});

const event = (type: string, data: object): string => JSON.stringify({ type, endpoint: "web", message: "", data });

test.for([
  [
    ["http"],
    [
      event("connection_attempt", {}),
      event("tunnel_established", { public_url: "http://a" }),
      event("http_request", {}),
    ],
    "http://a\n",
  ],
  [["status"], ['{"clients":[{"endpoints":[{"public_url":"http://a"},{"public_url":null}]}]}'], "http://a\n"],
  [["auth", "check"], [event("authentication_success", {}), event("authentication_failure", { code: "X" })], "web\n"],
  [["config", "explain"], ['{"path":"a","origin":"default"}'], ""],
] as [string[], string[], string][])(
  "the example with jq in the help of %s prints what it should",
  async (given, context) => {
    needs(context, "jq");
    const [command, output, expected] = given;
    const { stdout } = await runCommand(...command, "--help");
    const [, args] = / --json \| jq (.*)$/m.exec(stdout) ?? [];
    const jq = spawnSync("sh", ["-c", `jq ${args}`], { input: output.join("\n"), encoding: "utf8" });
    expect([jq.stderr, jq.stdout]).toEqual(["", expected]);
  },
);
