import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  exchange,
  postern,
  scratchFolder,
  TOKEN_SECRET,
  TokenIssuer,
  writeKeys,
  type CertificateFiles,
  type Program,
} from "@postern/testkit";
import { Gate } from "../gate.ts";
import { install, isOpen, TlsServer, visit } from "../tls/tls-server.ts";
import { prepareOnce } from "../prepare-once.ts";

/** The secrets to search for. Each is long enough that a part of it can be found. */
const CANARY = {
  key: "canary-key-4e1f2b7c9d0a6358",
  filedKey: "canary-filed-key-91c7d3a05be2",
  listedKey: "canary-listed-key-7703ab5fe1",
  wrongKey: "canary-wrong-key-5c20de81b6",
  secret: TOKEN_SECRET,
  opaque: "canary-opaque-token-2f64ce907b",
  wrongToken: "canary-wrong-token-18d3fa55c0",
  refresh: "canary-refresh-token-a7705b3e",
  wrongRefresh: "canary-wrong-refresh-3be09d1c",
  clientSecret: "canary-client-secret-60d5e7f1",
  serverSecret: "canary-server-secret-c4189ab2",
  passphrase: "canary-passphrase-09e6d2b8",
  serverPassphrase: "canary-server-passphrase-73fa90c2e1",
  header: "canary-header-d81b06e4a2",
  listedHeader: "canary-listed-header-0b9c5d",
} as const;
/** Half of a secret counts as a leak too. */
const PARTS = Object.values(CANARY).map((canary) => canary.slice(canary.lastIndexOf("-")));

const cleanup = new Cleanup();
let ca: CertificateAuthority;
let issuer: TokenIssuer;
prepareOnce(cleanup, setUp, "openssl");

async function setUp(): Promise<void> {
  ca = new CertificateAuthority(cleanup.defer);
  issuer = Object.assign(await TokenIssuer.start(cleanup.defer), {
    refreshToken: CANARY.refresh,
    rotates: true,
    lifetime: 3,
  });
  issuer.opaque.set(CANARY.opaque, { active: true, sub: "opal" });
}

/** Searches a text for secrets. The failure names the place, not the secret. */
function expectNone(where: string, text: string): void {
  // Tokens that the issuer issued or received are secrets too.
  const secrets = [...PARTS, ...issuer.secrets];
  const found = secrets.filter((secret) => text.includes(secret)).map((secret) => secret.slice(0, 8));
  expect(found, where).toEqual([]);
  // Nor may it appear in another encoding.
  for (const canary of Object.values(CANARY))
    for (const coat of ["base64", "hex"] as const)
      expect(text.includes(Buffer.from(canary).toString(coat).slice(0, 24)), `${where}, as ${coat}`).toBe(false);
}

/** Every log file, as text and as JSON. */
function logsIn(folder: string): string {
  const logs = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /(^|\/)logs\/.+/.test(name));
  expect(logs.length).toBeGreaterThan(0);
  return logs.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
}

const LOGGING = `[logging]\nlevel = "debug"\nfile_logging = true\nlogs_directory = "logs"\n`;

interface Started {
  program: Program;
  folder: string;
  file: string;
  env: Record<string, string>;
}

function start(command: string[], toml: (folder: string) => string, env: Record<string, string> = {}): Started {
  const folder = scratchFolder(onTestFinished);
  const file = join(folder, "postern.toml");
  writeFileSync(file, LOGGING + toml(folder), { mode: 0o600 });
  const all = { XDG_STATE_HOME: folder, ...env };
  const program = postern(onTestFinished, [...command, "--config", file, "--json"], { env: all, cwd: folder });
  return { program, folder, file, env: all };
}

/** Everything that a user can inspect in a running process. */
function expectNoneRunning({ program, folder }: Started): void {
  expectNone("output", program.output);
  expectNone("log files", logsIn(folder));
  if (process.platform !== "linux") return;
  const commandLine = readFileSync(`/proc/${program.pid}/cmdline`, "utf8").replaceAll("\0", " ");
  expect(commandLine).toContain("--config");
  expectNone("command line", commandLine);
  // It starts no child process that could inherit its environment.
  expect(readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "utf8")).toBe("");
}

/** The output of `postern config explain` and `check` for the same configuration. */
async function expectNoneExplained({ file, env, folder }: Pick<Started, "file" | "env" | "folder">): Promise<void> {
  for (const args of [["explain"], ["explain", "--json"], ["check"], ["check", "--json"]]) {
    const program = postern(onTestFinished, ["config", ...args, "--config", file], { env, cwd: folder });
    await program.ends(0);
    expect(program.output.length).toBeGreaterThan(0);
    expectNone(`config ${args.join(" ")}`, program.output);
  }
}

/** A server that receives secrets in every way and logs into files. */
async function startServer(): Promise<TlsServer> {
  const certificate = ca.issue({ names: ["tunnel.test", "*.tunnel.test"], passphrase: CANARY.serverPassphrase });
  const tlsServer = await TlsServer.start(onTestFinished, {
    certificate,
    auth: `api_keys = ["listed ${CANARY.listedKey}"]
api_keys_file = "${writeKeys(join(scratchFolder(onTestFinished), "keys"), { keyed: CANARY.key, filed: CANARY.filedKey })}"
[tunnel.server.auth.jwt]\nenabled = true\nsecret = "\${CANARY_SECRET}"
introspection_url = "${issuer.url}/introspect"\nintrospection_interval = "1s"\nclient_id = "server"
[tunnel.server.auth.certificate]\nca_file = "${ca.certificate}"`,
    ssl: `key_passphrase = "${CANARY.serverPassphrase}"\n[tunnel.server.ssl.redirect]\nenabled = false\n${LOGGING}`,
    env: { CANARY_SECRET: CANARY.secret, POSTERN_TUNNEL_SERVER_AUTH_JWT_CLIENT_SECRET: CANARY.serverSecret },
    args: ["--log-level", "debug"],
  });
  return tlsServer;
}

test("no secret appears anywhere, however it was provided, valid or not", { timeout: 300_000 }, async () => {
  const tlsServer = await startServer();
  const gate = await Gate.start(onTestFinished, tlsServer.plain, "x-gate", CANARY.header);
  const trust = `[tunnel.ssl]\nca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"\n`;
  const http = (toml: string, env: Record<string, string> = {}, args: string[] = []): Started =>
    start(["http", "9", "--server", tlsServer.url, ...args], () => trust + toml, env);
  const locked = (folder: string): CertificateFiles => {
    const files = ca.issue({ names: ["locked"], passphrase: CANARY.passphrase });
    install(folder, "own", files);
    return files;
  };
  const filed = writeKeys(join(scratchFolder(onTestFinished), "own.key"), { filed: CANARY.filedKey });
  const jwt = issuer.hashed({ sub: "jay", exp: Date.now() / 1_000 + 600 });

  const inside: Record<string, Started> = {
    "a key in the environment": http("", { POSTERN_API_KEY: CANARY.key }),
    "a key in a file": http("", {}, ["--api-key-file", filed]),
    "a key in the configuration": http(`[tunnel.auth]\napi_key = "${CANARY.listedKey}"\n`),
    "a key in a variable of the configuration": http('[tunnel.auth]\napi_key = "${OWN}"\n', { OWN: CANARY.key }),
    "a token": http("", { POSTERN_TOKEN: jwt }),
    "an opaque token": http(`[tunnel.auth]\ntoken = "${CANARY.opaque}"\n`),
    "headers from both sources": start(
      ["start"],
      () =>
        `${trust}[tunnel.auth]\napi_key = "${CANARY.key}"\n[tunnel.auth.headers]\nX-Other = "${CANARY.listedHeader}"
[[tunnel.endpoints]]\nserver_url = "${gate.url}"\nlocal = 9\n[tunnel.endpoints.auth.headers]\nX-Gate = "${CANARY.header}"\n`,
    ),
    "a passphrase": start(["http", "9", "--server", tlsServer.url], (folder) => {
      locked(folder);
      return `${trust}[tunnel.auth]\ncert_file = "own.pem"\nkey_file = "own.key"\nkey_passphrase = "${CANARY.passphrase}"\n`;
    }),
  };
  const outside: Record<string, [Started, exit: number]> = {
    "a wrong key": [http("", { POSTERN_API_KEY: CANARY.wrongKey }), 3],
    "a wrong token": [http("", { POSTERN_TOKEN: CANARY.wrongToken }), 3],
    "a forged token": [http("", { POSTERN_TOKEN: issuer.hashed({}, CANARY.wrongToken.padEnd(32, "x")) }), 3],
    "a wrong passphrase": [
      start(["http", "9", "--server", tlsServer.url], (folder) => {
        locked(folder);
        return `${trust}[tunnel.auth]\ncert_file = "own.pem"\nkey_file = "own.key"\nkey_passphrase = "${CANARY.wrongKey}"\n`;
      }),
      2,
    ],
  };
  for (const [what, { program }] of Object.entries(inside))
    await program.waitFor(`tunnel by ${what}`, () => isOpen(program));
  for (const [what, [{ program }, exit]] of Object.entries(outside)) {
    await program.ends(exit);
    expectNone(what, program.output);
  }
  for (const started of Object.values(inside)) expectNoneRunning(started);

  // Error pages must not reveal secrets either. No tunnel's service runs, and some names are unknown.
  for (const host of ["jay.tunnel.test", "nobody.tunnel.test", "tunnel.test"])
    for (const path of ["/", "/connect", `/${"x".repeat(20_000)}`]) {
      const { status, body } = await visit(tlsServer.port, { ca: ca.certificate, host, path });
      if (path !== "/" || host !== "tunnel.test") expect(status).toBeGreaterThanOrEqual(400);
      expectNone(`page ${host}${path.slice(0, 10)}`, body);
    }
  const bad = await exchange(tlsServer.plain, { host: "tunnel.test", path: "/connect" });
  expectNone("page of the plain port", JSON.stringify(bad.headers) + bad.body.toString());

  const files = { file: join(tlsServer.folder, "postern.toml"), folder: tlsServer.folder };
  const env = { CANARY_SECRET: CANARY.secret, POSTERN_TUNNEL_SERVER_AUTH_JWT_CLIENT_SECRET: CANARY.serverSecret };
  await expectNoneExplained({ ...files, env });
  for (const started of Object.values(inside)) await expectNoneExplained(started);

  // The ends of sessions are logged too.
  issuer.opaque.delete(CANARY.opaque);
  const opaque = inside["an opaque token"] as Started;
  await opaque.program.ends(3);
  for (const started of Object.values(inside)) if (started !== opaque) await started.program.terminate();
  await tlsServer.server.terminate();
  for (const { program, folder } of [...Object.values(inside), ...Object.values(outside).map(([each]) => each)]) {
    expectNone("output at the end", program.output);
    // A process with an invalid key file does not start a log.
    if (program.exit?.code !== 2) expectNone("log files at the end", logsIn(folder));
  }
  expectNone("the server's output", tlsServer.server.output);
  expectNone("the server's log files", logsIn(tlsServer.folder));
});

test("no refresh token and no client secret appears while it is used, while the issuer is down, or when it is refused", async () => {
  const tlsServer = await startServer();
  const refreshing = (token: string): Started =>
    start(
      ["http", "9", "--server", tlsServer.url],
      () => `[tunnel.ssl]\nca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"
[tunnel.auth.token_refresh]\nrefresh_url = "${issuer.url}/token"\nrefresh_token = "${token}"\nclient_id = "me"\nclient_secret = "${CANARY.clientSecret}"\n`,
    );
  const stranger = refreshing(CANARY.wrongRefresh);
  await stranger.program.ends(3);
  expectNone("a wrong refresh token", stranger.program.output + logsIn(stranger.folder));

  const client = refreshing(issuer.refreshToken);
  await client.program.waitFor("a renewal", () => client.program.stdout.includes('"state":"renewed"'));
  expectNoneRunning(client);
  issuer.down = true;
  await client.program.waitFor("a failure", () => client.program.stdout.includes("PN_REFRESH_FAILED"));
  issuer.down = false;
  issuer.refreshToken = "canary-refresh-token-of-nobody";
  await client.program.ends(3);
  expect(client.program.stderr).toContain("PN_REFRESH_REFUSED");
  expectNone("a refresh token that was taken back", client.program.output + logsIn(client.folder));
  await expectNoneExplained(client);
  await tlsServer.server.terminate();
  expectNone("the server", tlsServer.server.output + logsIn(tlsServer.folder));
});

test("the search finds a planted secret", () => {
  expectNone("an innocent text", "canary");
  for (const canary of Object.values(CANARY))
    for (const text of [
      canary,
      canary.slice(8),
      Buffer.from(canary).toString("base64"),
      Buffer.from(canary).toString("hex"),
    ])
      expect(() => expectNone("planted", `x${text}y`), text).toThrow("planted");
});
