import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connect, type Policies } from "@postern/client";
import {
  ClientProcess,
  Cleanup,
  exchange,
  Origin,
  postern,
  scratchFolder,
  ServerProcess,
  TEST_KEY,
  until,
  type Exchange,
  type Program,
} from "@postern/testkit";
import { startOldServer } from "../old-server.ts";
import { ScriptedClient } from "../scripted-client.ts";

/** The password is myPassword. */
const HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";
const JWT_SECRET = "canary-secret-with-more-than-32-bytes";

const cleanup = new Cleanup();
let server: ServerProcess;
let names = 0;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

const service = (): Promise<Origin> => Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
const outcome = ({ status, headers }: Exchange): string =>
  [status, headers["postern-error"]].filter((part) => part !== undefined).join(" ");
const basic = (text: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(text).toString("base64")}`,
});

interface Shared {
  origin: Origin;
  client: ClientProcess;
  name: string;
  folder: string;
  ask: (headers?: Record<string, string>, more?: { path?: string; from?: string }) => Promise<Exchange>;
}

/** Shares a service with these arguments of `postern http`; files are in the folder that `args` gets. */
async function share(
  args: (folder: string) => string[],
  files: Record<string, string> = {},
  at: ServerProcess = server,
): Promise<Shared> {
  const folder = scratchFolder(onTestFinished);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { mode: 0o600 });
  const name = `guarded-${++names}`;
  const origin = await service();
  const options = { server: at, target: origin.port, subdomain: name, args: args(folder) };
  const client = await ClientProcess.start(onTestFinished, options);
  const ask: Shared["ask"] = (headers = {}, more = {}) =>
    exchange(at.port, { host: `${name}.localhost`, headers, ...more });
  return { origin, client, name, folder, ask };
}

describe("a stranger is refused, and the origin sees nothing", () => {
  test("--allow-ip and --deny-ip: others get 403; lists in files are read again when they change", async () => {
    const { origin, folder, ask, client } = await share(
      (at) => ["--allow-ip", "127.0.0.0/8", "--allow-ip", join(at, "office.txt"), "--deny-ip", join(at, "bad.txt")],
      { "office.txt": "# office\n192.0.2.0/24\n", "bad.txt": "127.0.0.1\n" },
    );
    expect(outcome(await ask())).toBe("403 PN_ACCESS_ADDRESS");
    expect(origin.connections + origin.requests.length).toBe(0);
    expect(outcome(await ask({}, { from: "127.0.0.2" }))).toBe("200");
    const established = await client.event("tunnel_established");
    expect(established.message).toMatch(/, access: 2 networks, without 1 network$/);
    expect(established.data["access"]).toEqual({ allow_ips: "2 networks", deny_ips: "without 1 network" });
    const refused = await client.program.waitFor("the record", () =>
      client.events.find(({ type, data }) => type === "http_request" && data["code"] === "PN_ACCESS_ADDRESS"),
    );
    expect(refused.data).toMatchObject({ status: 403, ended: "refused" });
    const before = origin.requests.length;
    writeFileSync(join(folder, "bad.txt"), "127.0.0.2\n");
    await until("the new list", async () => (await ask()).status === 200);
    expect(outcome(await ask({}, { from: "127.0.0.2" }))).toBe("403 PN_ACCESS_ADDRESS");
    expect(origin.requests.length).toBe(before + 1);
  });

  test("--basic-auth: a visitor without the password gets 401; users are read again, without a moment in between", async () => {
    const { origin, folder, ask } = await share((at) => ["--basic-auth", join(at, "users")], {
      users: `ann:${HASH}\n`,
    });
    expect(outcome(await ask())).toBe("401 PN_ACCESS_PASSWORD");
    expect(outcome(await ask(basic("ann:wrong")))).toBe("401 PN_ACCESS_PASSWORD");
    expect(outcome(await ask({ connection: "Upgrade", upgrade: "websocket" }))).toBe("401 PN_ACCESS_PASSWORD");
    expect(origin.connections + origin.requests.length).toBe(0);
    expect(outcome(await ask({ ...basic("ann:myPassword"), "x-forwarded-user": "eve" }))).toBe("200");
    expect([origin.last.headers["x-forwarded-user"], origin.last.headers.authorization]).toEqual(["ann", undefined]);
    // A stranger keeps asking while the client takes over its own name with other users.
    const seen = new Set<string>();
    let isOver = false;
    const stranger = (async () => {
      while (!isOver) seen.add(outcome(await ask({}, { from: "127.0.0.3" })));
    })();
    writeFileSync(join(folder, "users"), `bob:${HASH}\n`);
    await until(
      "the new users",
      async () => (await ask(basic("bob:myPassword"), { from: "127.0.0.4" })).status === 200,
    );
    isOver = true;
    await stranger;
    expect([...seen]).toEqual(["401 PN_ACCESS_PASSWORD"]);
    expect(outcome(await ask(basic("ann:myPassword"), { from: "127.0.0.5" }))).toBe("401 PN_ACCESS_PASSWORD");
  });

  test("--rate-limit: further requests get 429, also after the client has lost its session", async () => {
    const { origin, client, ask } = await share(() => ["--rate-limit", "3/min"]);
    const outcomes: string[] = [];
    for (let n = 0; n < 4; n++) outcomes.push(outcome(await ask()));
    expect(outcomes).toEqual(["200", "200", "200", "429 PN_ACCESS_RATE"]);
    expect(origin.requests).toHaveLength(3);
    client.program.signal("SIGKILL");
    await client.program.exited;
    expect((await ask()).status).toBe(503);
    const options = {
      server,
      target: origin.port,
      subdomain: client.host.split(".")[0]!,
      args: ["--rate-limit", "3/min"],
    };
    await ClientProcess.start(onTestFinished, options);
    expect(outcome(await ask())).toBe("429 PN_ACCESS_RATE");
    expect(origin.requests).toHaveLength(3);
  });

  test.each<[kind: string, policies: Policies, pass: Record<string, string>]>([
    ["a JWT", { jwt: { secret: JWT_SECRET } }, { authorization: `Bearer ${token({ sub: "ann" })}` }],
    ["a password, by the SDK", { basic_auth: [`ann:${HASH}`] }, basic("ann:myPassword")],
  ])("%s", async (_, access, pass) => {
    const origin = await service();
    const subdomain = `guarded-${++names}`;
    const tunnel = await connect({ server: server.url, apiKey: TEST_KEY, local: origin.port, subdomain, access });
    onTestFinished(() => tunnel.close());
    const ask = (headers: Record<string, string>): Promise<Exchange> =>
      exchange(server.port, { host: `${subdomain}.localhost`, headers });
    expect((await ask({})).status).toBe(401);
    expect(origin.requests).toHaveLength(0);
    expect((await ask(pass)).status).toBe(200);
    expect(origin.last.headers["x-forwarded-user"]).toBe("ann");
    expect(Object.keys(tunnel.status().access)).toEqual(Object.keys(access));
    expect(JSON.stringify(tunnel.status())).not.toMatch(/canary|\$2y/);
  });

  test("no stream opens for it, not even one that is marked as a probe", async () => {
    const client = await ScriptedClient.dial(onTestFinished, server.port);
    const policies = { allow_ips: ["192.0.2.1"] };
    client.session.control({ type: "bind", bind: 1, subdomain: "no-streams", policies });
    const { tunnel_id: id } = (await client.received("bound")) as { tunnel_id: string };
    const ask = (headers: Record<string, string>): Promise<Exchange> =>
      exchange(server.port, { host: "no-streams.localhost", headers });
    for (const probe of ["", "x", probeField("another id"), `${probeField(id)}0`])
      expect(outcome(await ask({ "postern-probe": probe }))).toBe("403 PN_ACCESS_ADDRESS");
    expect(
      outcome(
        await exchange(server.port, {
          host: "no-streams.localhost",
          path: "/x",
          headers: { "postern-probe": probeField(id) },
        }),
      ),
    ).toBe("403 PN_ACCESS_ADDRESS");
    expect([client.requests, client.probes, client.session.streams]).toEqual([0, 0, 0]);
  });
});

test("the client's own probes arrive; a probe of someone who knows the tunnel's id does not reach the service", async () => {
  const origin = await service();
  const tunnel = await connect({
    server: server.url,
    apiKey: TEST_KEY,
    local: origin.port,
    subdomain: "probed-guarded",
    healthInterval: 1_000,
    access: { allow_ips: [] },
  });
  onTestFinished(() => tunnel.close());
  await until("the data plane to be ok", () => tunnel.dataPlane === "ok");
  const headers = { "postern-probe": probeField(tunnel.tunnelId) };
  const forged = await exchange(server.port, { host: "probed-guarded.localhost", headers });
  expect(forged.status).toBe(502);
  expect(origin.connections + origin.requests.length).toBe(0);
});

test("the steps see the path and the host that the origin gets", async () => {
  const { origin, ask } = await share(() => ["--deny-ip", "127.0.0.2"]);
  const paths = ["/a/../b", "/a/%2e%2e/b", "//a", "/a;x/..;/b", "/a\\..\\b", "/%2Fa?..//", "/a/./b#c"];
  for (const path of paths) {
    expect((await ask({}, { path, from: "127.0.0.2" })).status).not.toBe(200);
    expect(origin.requests.some(({ url }) => url === path)).toBe(false);
    if ((await ask({}, { path })).status === 200) expect(origin.last.url).toBe(path);
  }
  expect(origin.requests.length).toBeGreaterThan(3);
});

describe("a policy that cannot be enforced keeps the tunnel closed", () => {
  test("at a server that is too old, the client does not bind, and says what to do", async () => {
    const old = await startOldServer();
    const client = ClientProcess.launch(onTestFinished, { server: old, target: 9, args: ["--allow-ip", "192.0.2.1"] });
    await client.program.ends(2);
    expect(client.program.stderr).toContain("PN_POLICY_UNSUPPORTED");
    expect(client.program.stderr).toContain("the server is too old");
    expect(old.binds()).toBe(0);
    // Another client works as before.
    const plain = ClientProcess.launch(onTestFinished, { server: old, target: 9 });
    await until("the bind", () => old.binds() === 1);
    await plain.program.exited;
  });

  test("at a server that does not allow it, and a list that is too long", async () => {
    const strict = await configured('[tunnel.server.policies]\nallow = ["allow_ips"]\n');
    const launch = (args: string[]): Program =>
      ClientProcess.launch(onTestFinished, { server: strict, target: 9, args }).program;
    const forbidden = launch(["--rate-limit", "60/min"]);
    await forbidden.ends(2);
    expect(forbidden.stderr).toMatch(/PN_POLICY_FORBIDDEN[^]*rate_limit/);
    const file = join(scratchFolder(onTestFinished), "many.txt");
    writeFileSync(file, Array.from({ length: 1_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}\n`).join(""));
    const long = launch(["--allow-ip", file]);
    await long.ends(2);
    expect(long.stderr).toContain("PN_POLICY_SIZE");
    const empty = launch(["--allow-ip", ""]);
    await empty.ends(2);
    expect(empty.stderr).toContain("--allow-ip has no address");
  });
});

describe("a group", () => {
  test("has one policy: a client with another one is refused, and one that replaces the group replaces the policy", async () => {
    const { origin, name, ask } = await share(() => ["--join", "--deny-ip", "127.0.0.1"]);
    const join2 = { server, target: origin.port, subdomain: name };
    const other = ClientProcess.launch(onTestFinished, { ...join2, args: ["--join"] });
    await other.program.ends(2);
    expect(other.program.stderr).toContain("PN_POLICY_MISMATCH");
    await ClientProcess.start(onTestFinished, { ...join2, args: ["--join", "--deny-ip", "127.0.0.1"] });
    expect(outcome(await ask())).toBe("403 PN_ACCESS_ADDRESS");
    expect(outcome(await ask({}, { from: "127.0.0.2" }))).toBe("200");
    await ClientProcess.start(onTestFinished, { ...join2, args: ["--deny-ip", "127.0.0.2"] });
    expect(outcome(await ask())).toBe("200");
    expect(outcome(await ask({}, { from: "127.0.0.2" }))).toBe("403 PN_ACCESS_ADDRESS");
  });
});

describe("what holds for all tunnels of a server", () => {
  test("is enforced for clients that ask for nothing, and changes with its file and the configuration", async () => {
    const folder = scratchFolder(onTestFinished);
    const list = join(folder, "bad.txt");
    writeFileSync(list, "127.0.0.1\n");
    const always = `[tunnel.server.policies.always]\ndeny_ips = ["${list}"]\n`;
    const guarded = await configured(always);
    const { origin, ask, client } = await share(() => [], {}, guarded);
    expect((await client.event("tunnel_established")).data["access"]).toEqual({ deny_ips: "without 1 network" });
    expect(outcome(await ask())).toBe("403 PN_ACCESS_ADDRESS");
    expect(origin.connections + origin.requests.length).toBe(0);
    writeFileSync(list, "127.0.0.2\n");
    await until("the new list", async () => (await ask()).status === 200);
    expect(outcome(await ask({}, { from: "127.0.0.2" }))).toBe("403 PN_ACCESS_ADDRESS");
    // A list that cannot be read changes nothing.
    writeFileSync(list, "127.0.0.1\nexample.com\n");
    await guarded.program.waitFor("the mistake", () => guarded.program.output.includes("line 2") || undefined);
    expect(outcome(await ask())).toBe("200");
    expect(outcome(await ask({}, { from: "127.0.0.2" }))).toBe("403 PN_ACCESS_ADDRESS");
    writeFileSync(list, "");
    await until("the empty list", async () => (await ask({}, { from: "127.0.0.2" })).status === 200);
  });

  test("a tunnel whose policy is no longer allowed ends; it is never left open without it", async () => {
    const folder = scratchFolder(onTestFinished);
    const file = join(folder, "postern.toml");
    const guarded = await configured("", file);
    const { origin, ask, client } = await share(() => ["--deny-ip", "127.0.0.1"], {}, guarded);
    expect(outcome(await ask())).toBe("403 PN_ACCESS_ADDRESS");
    writeFileSync(file, '[tunnel.server.policies]\nallow = ["basic_auth"]\n');
    guarded.program.signal("SIGHUP");
    const seen = new Set<string>();
    await until("the tunnel to be gone", async () => {
      const each = outcome(await ask());
      seen.add(each);
      return each.startsWith("503");
    });
    expect([...seen].every((each) => each.startsWith("403") || each.startsWith("503"))).toBe(true);
    await client.program.ends(2);
    expect(client.program.stderr).toContain("PN_POLICY_FORBIDDEN");
    expect(origin.requests).toHaveLength(0);
  });
});

test("passwords, hashes and keys are shown nowhere", async () => {
  const secret = "canary-password";
  const { client, ask, folder } = await share((at) => ["--basic-auth", join(at, "users"), "--log-level", "debug"], {
    users: `ann:${HASH}\n`,
  });
  const pages = [await ask(basic(`ann:${secret}`)), await ask(basic("ann:myPassword")), await ask()];
  await until("the records", () => client.count("http_request") === 3);
  const status = postern(onTestFinished, ["status", "--json"]);
  await status.exited;
  expect(status.stdout).toContain('"access":{"basic_auth":"basic auth"}');
  const text = postern(onTestFinished, ["status"]);
  await text.exited;
  expect(text.stdout).toContain("access: basic auth");
  const all = [
    client.program.output,
    server.program.output,
    status.output,
    text.output,
    ...pages.map(({ body }) => body.toString()),
  ].join("\n");
  for (const canary of [secret, "myPassword", HASH, HASH.slice(-20)]) {
    expect(all).not.toContain(canary);
    expect(all).not.toContain(Buffer.from(`ann:${canary}`).toString("base64").slice(0, 16));
  }
  writeFileSync(join(folder, "users"), "ann:canary-plain\n");
  await client.program.waitFor("the mistake", () => client.program.output.includes("line 1") || undefined);
  expect(client.program.output).not.toContain("canary");
  expect(outcome(await ask(basic("ann:myPassword")))).toBe("200");
});

/** A server with this configuration. */
function configured(text: string, file = join(scratchFolder(onTestFinished), "postern.toml")): Promise<ServerProcess> {
  writeFileSync(file, text, { mode: 0o600 });
  return ServerProcess.start(onTestFinished, { args: ["--config", file] });
}

/** A valid probe field for this tunnel. */
function probeField(tunnelId: string): string {
  const nonce = randomBytes(16).toString("hex");
  return `${nonce}.${createHmac("sha256", tunnelId).update(nonce).digest("hex")}`;
}

function token(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256" })}.${part({ exp: Math.ceil(Date.now() / 1_000) + 600, ...claims })}`;
  return `${text}.${createHmac("sha256", JWT_SECRET).update(text).digest("base64url")}`;
}
