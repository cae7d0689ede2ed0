import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  Cleanup,
  exchange,
  Origin,
  postern,
  ServerProcess,
  StartProcess,
  SteadyVisitor,
  TEST_KEY,
  until,
} from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
/** Each responds with its own name. */
let origins: Record<"one" | "two" | "three", Origin>;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  const named = (name: string): Promise<Origin> => Origin.start(cleanup.defer, (_, outgoing) => outgoing.end(name));
  origins = { one: await named("one"), two: await named("two"), three: await named("three") };
});
afterAll(() => cleanup.run());

/** `[[tunnel.endpoints]]` for each name and its target. */
function endpoints(targets: Record<string, Origin | number>, url = server.url): string {
  return Object.entries(targets)
    .map(([name, target]) => {
      const port = typeof target === "number" ? target : target.port;
      return `[[tunnel.endpoints]]\nserver_url = "${url}"\nsubdomain = "${name}"\nlocal = ${port}\n`;
    })
    .join("\n");
}

async function answerOf(name: string): Promise<string> {
  const { status, body } = await exchange(server.port, { host: `${name}.localhost:${server.port}` });
  return status === 200 ? body.toString() : String(status);
}

test("every endpoint of the file is opened", async () => {
  const start = StartProcess.launch(onTestFinished, endpoints({ all1: origins.one, all2: origins.two }));
  expect((await start.tunnel("all1")).host).toBe(`all1.localhost:${server.port}`);
  await start.tunnel("all2");
  expect([await answerOf("all1"), await answerOf("all2")]).toEqual(["one", "two"]);
  await start.program.terminate();
});

test("the server of the file runs, and endpoints can use it", async () => {
  const port = await claimPort();
  const own = `
[tunnel.server]
enabled = true
listen = "127.0.0.1:${port}"
reserved_subdomains = ["mine"]
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
`;
  const start = StartProcess.launch(
    onTestFinished,
    own + endpoints({ inside: origins.one, mine: origins.two }, `http://127.0.0.1:${port}`),
  );
  await start.tunnel("inside");
  const { body } = await exchange(port, { host: `inside.localhost:${port}` });
  expect(body.toString()).toBe("one");
  // A failed endpoint is reported and does not end the others.
  await start.program.waitFor("the refusal", () => start.program.stderr.includes("PN_NAME_RESERVED"));
  await start.program.terminate();
});

test("a failing endpoint does not affect others; when all have failed, the command exits", async () => {
  const dead = await claimPort();
  const start = StartProcess.launch(
    onTestFinished,
    endpoints({ fine: origins.one }) + endpoints({ lost: origins.two }, `http://127.0.0.1:${dead}`),
  );
  await start.tunnel("fine");
  await start.program.waitFor("retries of the other", () =>
    start.events.some(({ type, endpoint }) => type === "reconnection" && endpoint === "lost"),
  );
  expect(await answerOf("fine")).toBe("one");
  await start.program.terminate();

  const stranger = StartProcess.launch(onTestFinished, endpoints({ none: origins.one }), {
    POSTERN_API_KEY: "key-of-a-stranger-0123456789",
  });
  await stranger.program.ends(3);
  // The reason is printed once.
  expect(stranger.program.stderr.match(/PN_AUTH_REFUSED|does not accept this credential/g)).toHaveLength(2);
  expect(stranger.program.stderr).toContain("none has failed. Stopping, because no endpoint is left.");
  expect(stranger.program.stderr).not.toContain("Not retrying");
});

describe("a change of the file", () => {
  test("adds, replaces and removes endpoints without losing a request", async () => {
    let finish = (): void => {};
    const slow = await Origin.start(onTestFinished, (_, outgoing) => {
      outgoing.write("begun before ");
      finish = () => outgoing.end("and ended after");
    });
    const start = StartProcess.launch(onTestFinished, endpoints({ stays: origins.one, moves: origins.two, slow }));
    for (const name of ["stays", "moves", "slow"]) await start.tunnel(name);
    const host = (name: string): string => `${name}.localhost:${server.port}`;
    const steady = await Promise.all(
      ["stays", "stays", "moves", "moves", "moves"].map((name) =>
        SteadyVisitor.start(onTestFinished, server.port, host(name)),
      ),
    );
    const inProgress = exchange(server.port, { host: host("slow") });
    await until("the slow request to arrive", () => slow.requests.length === 1);

    const changed = { stays: origins.one, moves: origins.three, slow: origins.one, comes: origins.two };
    start.replace(endpoints(changed));
    await start.tunnel("comes");
    await start.tunnel("moves", 2);
    await until("the new target to be asked", async () => (await answerOf("moves")) === "three");
    await until("the other to be asked", async () => (await answerOf("slow")) === "one");
    expect(await answerOf("comes")).toBe("two");

    start.overwrite(endpoints({ stays: origins.one, moves: origins.three, slow: origins.one }));
    await until("the endpoint to be gone", async () => (await answerOf("comes")) === "503");
    for (const visitor of steady) await visitor.stopAndCheck();
    finish();
    expect((await inProgress).body.toString()).toBe("begun before and ended after");
    expect(start.urls("stays")).toHaveLength(1);
    await start.program.terminate();
  });

  test("a removed endpoint finishes its requests when the command stops", async () => {
    let finish = (): void => {};
    const slow = await Origin.start(onTestFinished, (_, outgoing) => {
      outgoing.write("begun before ");
      finish = () => outgoing.end("and ended after");
    });
    const start = StartProcess.launch(onTestFinished, endpoints({ leaving: slow, staying: origins.one }));
    const { host } = await start.tunnel("leaving");
    await start.tunnel("staying");
    const inProgress = exchange(server.port, { host });
    await until("the request to arrive", () => slow.requests.length === 1);
    start.replace(endpoints({ staying: origins.one }));
    await start.status("reloaded");
    start.program.signal("SIGTERM");
    await until("the other to be gone", async () => (await answerOf("staying")) !== "one");
    finish();
    expect((await inProgress).body.toString()).toBe("begun before and ended after");
    await start.program.ends(0);
  });

  test("an endpoint whose change the server refuses keeps its previous version", async () => {
    const start = StartProcess.launch(onTestFinished, endpoints({ trusted: origins.one }));
    const { host } = await start.tunnel("trusted");
    const steady = await SteadyVisitor.start(onTestFinished, server.port, host);
    const stranger = '[tunnel.endpoints.auth]\napi_key = "key-of-a-stranger-0123456789"\n';
    start.replace(endpoints({ trusted: origins.one }) + stranger);
    await start.program.waitFor("the refusal", () => start.program.stderr.includes("PN_AUTH_REFUSED"));
    await start.status("reloaded");
    expect(await answerOf("trusted")).toBe("one");
    // The next change is tried again.
    start.replace(endpoints({ trusted: origins.two }));
    await until("the new target", async () => (await answerOf("trusted")) === "two");
    await steady.stopAndCheck();
    await start.program.terminate();
  });

  test("is noticed through symbolic links, as in Kubernetes; a loop of links is refused", async () => {
    const { folder } = StartProcess.launch(onTestFinished, "");
    const release = (name: string, configuration: string): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "linked.toml"), configuration, { mode: 0o600 });
      symlinkSync(name, join(folder, "..next"));
      renameSync(join(folder, "..next"), join(folder, "..data"));
    };
    release("..1", endpoints({ linked1: origins.one }));
    const file = join(folder, "linked.toml");
    symlinkSync("..data/linked.toml", file);
    const start = postern(onTestFinished, ["start", "--config", file, "--json"], {
      env: { POSTERN_API_KEY: TEST_KEY },
    });
    await start.waitFor("the first", () => start.stdout.includes("//linked1."));
    release("..2", endpoints({ linked1: origins.one, linked2: origins.two }));
    await start.waitFor("the second", () => start.stdout.includes("//linked2."));

    rmSync(file);
    symlinkSync("linked.toml", file);
    start.signal("SIGHUP");
    await start.waitFor("the refusal", () => start.stdout.includes("configuration_refused"));
    rmSync(file);
    symlinkSync("..data/linked.toml", file);
    release("..3", endpoints({ linked1: origins.one, linked3: origins.three }));
    await start.waitFor("the third", () => start.stdout.includes("//linked3."));
    expect(await answerOf("linked1")).toBe("one");
    await start.terminate();
  });

  test("a generated name stays when the local target changes", async () => {
    const nameless = (port: number): string =>
      `[[tunnel.endpoints]]\nname = "web"\nserver_url = "${server.url}"\nlocal = ${port}\n`;
    const start = StartProcess.launch(onTestFinished, nameless(origins.one.port));
    const { hostname } = await start.tunnel("web");
    start.replace(nameless(origins.two.port));
    expect((await start.tunnel("web", 2)).hostname).toBe(hostname);
    await until("the new target", async () => (await answerOf(hostname.split(".")[0] ?? "")) === "two");
  });

  test("with mistakes is reported and changes nothing; a valid file after it is loaded", async () => {
    const good = endpoints({ keeps: origins.one });
    const start = StartProcess.launch(onTestFinished, good);
    await start.tunnel("keeps");
    const steady = await SteadyVisitor.start(onTestFinished, server.port, `keeps.localhost:${server.port}`);
    start.overwrite(`${good}\n[tunnel]\nenabeld = true`);
    const { data } = await start.status("configuration_refused");
    expect(data["problems"]).toEqual([expect.stringMatching(/postern\.toml:\d+:/)]);
    expect(start.program.stderr).toContain("keeping the previous configuration");
    start.overwrite(good + endpoints({ after: origins.two }));
    await start.tunnel("after");
    await steady.stopAndCheck();
    expect(start.urls("keeps")).toHaveLength(1);
  });

  test("SIGHUP reloads the file", async () => {
    const folder = endpoints({ again: origins.one });
    const start = StartProcess.launch(onTestFinished, `${folder}\n[tunnel.auth]\napi_key_file = "my.key"\n`, {
      POSTERN_API_KEY: "",
    });
    // The key file does not exist yet.
    await start.program.ends(2);
    expect(start.program.stderr).toContain("PN_FILE_UNREADABLE");

    const key = join(start.folder, "my.key");
    writeFileSync(key, `${TEST_KEY}\n`, { mode: 0o600 });
    const second = postern(onTestFinished, ["start", "--config", start.file, "--json"]);
    await second.waitFor("its tunnel", () => second.stdout.includes('"tunnel_established"'));
    second.signal("SIGHUP");
    await second.waitFor("the answer to SIGHUP", () => second.stdout.includes("no endpoint changed"));
    await second.terminate();
  });

  test("an empty file changes nothing", async () => {
    const good = endpoints({ lasts: origins.one });
    const start = StartProcess.launch(onTestFinished, good);
    await start.tunnel("lasts");
    start.overwrite("");
    expect((await start.status("configuration_refused")).data["code"]).toBe("PN_CONFIG_MISSING");
    expect(await answerOf("lasts")).toBe("one");
    start.overwrite(good + endpoints({ next: origins.two }));
    await start.tunnel("next");
    expect(start.urls("lasts")).toHaveLength(1);
  });

  test("an option that needs a restart is reported", async () => {
    const start = StartProcess.launch(onTestFinished, endpoints({ fixed: origins.one }));
    await start.tunnel("fixed");
    start.replace(`${endpoints({ fixed: origins.one })}\n[logging]\nlevel = "debug"\n`);
    expect((await start.status("restart_needed")).data["options"]).toEqual(["logging.level"]);
  });

  test("a first route needs a restart, which is reported", async () => {
    const start = StartProcess.launch(onTestFinished, endpoints({ routed: origins.one }));
    await start.tunnel("routed");
    start.replace(`${endpoints({ routed: origins.one })}\n[[proxy]]\npath = "/"\ntarget = "http://127.0.0.1:9"\n`);
    const { message, data } = await start.status("restart_needed");
    expect(message).toBe("restart to apply: proxy");
    expect(data["options"]).toEqual(["proxy"]);
  });
});

const UNSUPPORTED_SERVER = "[tunnel.server]\nenabled = true\n[tunnel.server.acme]\nenabled = true\n";

describe("start is refused", () => {
  test.for([
    ["without endpoints and server", "[application]\nname = 'x'\n", "PN_CONFIG_MISSING", /postern config init/],
    [
      "with an unsupported option of the server, though the client is disabled",
      `[tunnel]\nenabled = false\n${UNSUPPORTED_SERVER}`,
      "PN_CONFIG_UNBUILT",
      /\[tunnel\.server\.acme\]/,
    ],
    [
      "with a missing variable of monitoring, which the gateway runs without a tunnel too",
      '[tunnel]\nenabled = false\n[tunnel.local_api]\nmetrics_token = "${NOT_SET}"\n[[proxy]]\npath = "/"\ntarget = "http://a"\n',
      "PN_CONFIG_INVALID",
      /NOT_SET/,
    ],
    [
      "with an unsupported table",
      '[[proxy]]\npath = "/"\ntarget = "http://a"\n[server.ssl]\nenabled = true\n[server.ssl.lets_encrypt]\nenabled = true\n',
      "PN_CONFIG_UNBUILT",
      /:6:2: /,
    ],
    [
      "with mistakes, all of which are listed",
      "[tunnel]\na = 1\nb = 2\n",
      "PN_CONFIG_INVALID",
      /:2:1: "a"[^]*:3:1: "b"/,
    ],
  ] as const)("%s", async ([, configuration, code, more]) => {
    const start = StartProcess.launch(onTestFinished, configuration);
    await start.program.ends(2);
    expect(start.program.stderr).toContain(code);
    expect(start.program.stderr).toMatch(more);
    expect(start.program.stderr).not.toMatch(/\bat .*\.js:\d+/);
  });

  test("with a file that other users can change", async () => {
    const start = StartProcess.launch(onTestFinished, endpoints({ open: origins.one }));
    await start.tunnel("open");
    chmodSync(start.file, 0o666);
    start.program.signal("SIGHUP");
    expect((await start.status("configuration_refused")).data["code"]).toBe("PN_FILE_WRITABLE");
    const second = postern(onTestFinished, ["start", "--config", start.file]);
    await second.ends(2);
    expect(second.stderr).toContain("chmod go-w");
  });
});

describe("the other commands use the same file", () => {
  test("postern http refuses unsupported options in the environment", async () => {
    const env = { POSTERN_API_KEY: TEST_KEY, POSTERN_TUNNEL_ENDPOINT_CUSTOM_DOMAIN: "example.com" };
    const http = postern(onTestFinished, ["http", "9", "--server", server.url], { env });
    await http.ends(2);
    expect(http.stderr).toMatch(/PN_CONFIG_UNBUILT[^]*custom domains/);
  });

  test("postern server refuses unsupported options, though the server is not enabled for postern start", async () => {
    const { file } = StartProcess.launch(onTestFinished, UNSUPPORTED_SERVER.replace("enabled = true\n", ""));
    const half = postern(onTestFinished, ["server", "--config", file]);
    await half.ends(2);
    expect(half.stderr).toMatch(/PN_CONFIG_UNBUILT[^]*\[tunnel\.server\.acme\]/);
  });

  test("postern http uses its server, key and settings, but not its names; flags override it", async () => {
    const start = StartProcess.launch(onTestFinished, endpoints({ named: origins.one }));
    await start.tunnel("named");
    const http = postern(onTestFinished, ["http", String(origins.two.port), "--config", start.file, "--json"], {
      env: { POSTERN_API_KEY: TEST_KEY },
    });
    await http.waitFor("its tunnel", () => http.stdout.includes('"tunnel_established"'));
    expect(http.stdout).not.toContain("//named.");
    expect(await answerOf("named")).toBe("one");
    const elsewhere = ["http", "9", "--config", start.file, "--server", "http://127.0.0.1:9", "--no-reconnect"];
    await postern(onTestFinished, elsewhere, { env: { POSTERN_API_KEY: TEST_KEY } }).ends(4);
  });

  test("postern server uses its part; flags override it", async () => {
    const [configured, typed] = [await claimPort(), await claimPort()];
    const file = join(StartProcess.launch(onTestFinished, "").folder, "server.toml");
    writeFileSync(
      file,
      `[tunnel.server]\nlisten = "127.0.0.1:${configured}"\nmax_tunnels = 1\n[tunnel.server.auth]\napi_keys_file = "keys"\n[tunnel.server.security]\nmin_subdomain_length = 3\nmax_request_size = "1KB"\n`,
      { mode: 0o600 },
    );
    writeFileSync(join(file, "..", "keys"), `me ${TEST_KEY}\n`, { mode: 0o600 });
    const ready = async (port: number): Promise<boolean> =>
      (await exchange(port, { host: "localhost", path: "/health" })).status === 200;
    const first = postern(onTestFinished, ["server", "--config", file]);
    await first.waitFor("health where the file says", () => ready(configured));
    const second = postern(onTestFinished, ["server", "--config", file, "--listen", `127.0.0.1:${typed}`]);
    await second.waitFor("health where it was typed", () => ready(typed));

    const url = `http://127.0.0.1:${configured}`;
    const short = StartProcess.launch(onTestFinished, endpoints({ ab: origins.one }, url));
    await short.program.ends(2);
    expect(short.program.stderr).toContain("PN_NAME_INVALID");
    const only = StartProcess.launch(onTestFinished, endpoints({ abc: origins.one }, url));
    await only.tunnel("abc");
    const large = { host: `abc.localhost:${configured}`, method: "POST", body: Buffer.alloc(2_000) };
    expect((await exchange(configured, large)).status).toBe(413);
    const more = StartProcess.launch(onTestFinished, endpoints({ abcd: origins.one }, url));
    await more.program.ends(1);
    expect(more.program.stderr).toContain("PN_SERVER_TUNNEL_LIMIT");
  });
});

test("the example configuration runs against a real server", async () => {
  const example = readFileSync(new URL("../../examples/config/config.tunnel.toml", import.meta.url), "utf8");
  const start = StartProcess.launch(onTestFinished, example, { POSTERN_SERVER: server.url });
  expect((await start.tunnel("website")).host).toBe(`my-site.localhost:${server.port}`);
  await start.tunnel("hooks");
  await start.program.terminate();
});
