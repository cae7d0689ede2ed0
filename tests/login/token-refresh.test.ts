import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  exchange,
  FakeClock,
  inheritedEnvironment,
  needs,
  Origin,
  postern,
  POSTERN_BIN,
  Program,
  scratchFolder,
  TOKEN_SECRET,
  type TokenIssuer,
  until,
  type ClientProcess,
} from "@postern/testkit";
import {
  expectAccepted,
  expectRefused,
  freshIssuer,
  launch,
  refreshing,
  startTokens,
  TARGET,
  TokenServer,
} from "./token-server.ts";

const cleanup = new Cleanup();
let issuer: TokenIssuer;
let server: TokenServer;

beforeAll(async () => {
  ({ issuer, server } = await startTokens(cleanup.defer));
});
afterAll(() => cleanup.run());

const renewals = (client: ClientProcess, state = "renewed"): number =>
  client.events.filter(({ type, data }) => type === "token_refresh" && data["state"] === state).length;

describe("a token that is refreshed", () => {
  test("a download outlasts three tokens on one session", async (context) => {
    needs(context, "faketime");
    // The time of day of the server alone jumps: each token is renewed long before it expires, on a busy machine too.
    const lifetime = 60;
    const clock = new FakeClock(onTestFinished);
    const aged = await TokenServer.start(onTestFinished, 'audience = "postern"', {
      ...clock.env,
      POSTERN_TUNNEL_SERVER_AUTH_JWT_SECRET: TOKEN_SECRET,
    });
    const giving = await freshIssuer(lifetime);
    let drip = (): void => {};
    let finish = (): void => {};
    const origin = await Origin.start(onTestFinished, (_, outgoing) => {
      outgoing.flushHeaders();
      drip = () => outgoing.write("x".repeat(10_000));
      finish = () => outgoing.end("the end");
    });
    const client = launch(aged, { auth: refreshing(giving), subdomain: "download", target: origin.port });
    await expectAccepted(client);
    const download = exchange(aged.port, { host: client.host, path: "/" });
    await until("the download to begin", () => origin.requests.length === 1);
    // The third token expires two thirds of a lifetime after the third jump.
    const jumps = 4;
    for (let jump = 1; jump <= jumps; jump++) {
      const offset = (jump * 2 * lifetime) / 3;
      giving.lifetime = lifetime + offset;
      clock.set(`+${offset}`);
      await client.program.waitFor(`renewal ${jump}`, () => renewals(client) >= jump);
      drip();
    }
    finish();
    const { status, body } = await download;
    expect([status, body.length, body.toString().endsWith("the end")]).toEqual([200, jumps * 10_000 + 7, true]);
    expect([client.count("tunnel_established"), client.count("connection_attempt")]).toEqual([1, 1]);
    expect(giving.used).toHaveLength(1 + jumps);
  });

  test("when the token endpoint is down until the token has expired, the tunnel returns once the endpoint is up again", async () => {
    const giving = await freshIssuer(3);
    const client = launch(server, { auth: refreshing(giving), subdomain: "down-and-up" });
    await expectAccepted(client);
    giving.down = true;
    await client.program.waitFor("a failure", () => renewals(client, "failed") > 0);
    await client.event("tunnel_closed");
    expect(client.events.find(({ type }) => type === "tunnel_closed")?.data["code"]).toBe("PN_AUTH_EXPIRED");
    giving.down = false;
    await client.event("tunnel_established", 2);
    expect(client.url.hostname).toBe("down-and-up.localhost");
  });

  test("an expired first token is replaced at once", async () => {
    const giving = await freshIssuer();
    const past = { iat: 1_000, exp: 2_000 };
    await expectAccepted(launch(server, { auth: refreshing(giving), token: issuer.hashed(past) }));
    await expectAccepted(launch(server, { auth: refreshing(giving), token: "opaque-and-unknown" }));
  });

  test("a rotating refresh token is stored for the next start, readable only by its owner", async () => {
    const giving = Object.assign(await freshIssuer(3), { rotates: true });
    const auth = refreshing(giving);
    const state = scratchFolder(onTestFinished);
    const env = { XDG_STATE_HOME: state };
    const first = launch(server, { auth, env, subdomain: "rotating" });
    await expectAccepted(first);
    await first.program.waitFor("a renewal", () => renewals(first) > 0);
    await first.program.terminate();
    const [file, ...more] = readdirSync(join(state, "postern")).map((name) => join(state, "postern", name));
    expect(more).toEqual([]);
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    expect(readFileSync(file!, "utf8")).toContain(giving.refreshToken);

    const second = launch(server, { auth, env, subdomain: "rotating" });
    await expectAccepted(second);
    await second.program.waitFor("a renewal", () => renewals(second) > 0);
    await second.program.terminate();
    expect(new Set(giving.used).size).toBe(giving.used.length);

    // Without the stored token, the client uses the configured one, which is no longer valid.
    renameSync(file!, `${file}.away`);
    await expectRefused(launch(server, { auth, env }), "PN_REFRESH_REFUSED");
  });

  test("endpoints with the same refresh token share the new tokens", async () => {
    const giving = Object.assign(await freshIssuer(3), { rotates: true });
    const folder = scratchFolder(onTestFinished);
    const config = join(folder, "postern.toml");
    const endpoint = (name: string): string =>
      `[[tunnel.endpoints]]\nsubdomain = "${name}"\nserver_url = "${server.url}"\nlocal = ${TARGET}\n`;
    writeFileSync(config, refreshing(giving) + endpoint("share1") + endpoint("share2"), { mode: 0o600 });
    const start = postern(onTestFinished, ["start", "--config", config, "--json"], { env: { XDG_STATE_HOME: folder } });
    const renewed = (name: string): number =>
      start.stdout.split("\n").filter((line) => line.includes('"renewed"') && line.includes(`"${name}"`)).length;
    await start.waitFor("renewals of both", () => renewed("share1") > 1 && renewed("share2") > 1);
    expect(new Set(giving.used).size).toBe(giving.used.length);
    await start.terminate();
  });

  test("on a full disk the current refresh token stays in memory while the client runs", async () => {
    const giving = Object.assign(await freshIssuer(3), { rotates: true });
    const auth = refreshing(giving);
    const state = scratchFolder(onTestFinished);
    const first = launch(server, { auth, env: { XDG_STATE_HOME: state }, subdomain: "full" });
    await expectAccepted(first);
    await first.program.terminate();
    const [file] = readdirSync(join(state, "postern")).map((name) => join(state, "postern", name));
    const kept = readFileSync(file!, "utf8");

    // From now on, files cannot grow. The state file already exists.
    const config = join(scratchFolder(onTestFinished), "postern.toml");
    writeFileSync(config, auth, { mode: 0o600 });
    const command = [
      "http",
      String(TARGET),
      "--server",
      server.url,
      "--subdomain",
      "full",
      "--config",
      config,
      "--json",
    ];
    const full = new Program(onTestFinished, "sh", {
      args: ["-c", 'ulimit -f 0; exec "$@"', "sh", process.execPath, POSTERN_BIN, ...command],
      env: inheritedEnvironment({ XDG_STATE_HOME: state }),
    });
    const occurrences = (what: string): number => full.stdout.split(what).length - 1;
    await full.waitFor("three renewals", () => occurrences('"state":"renewed"') >= 3);
    expect(full.stdout).toContain("cannot be stored for the next start: EFBIG");
    expect([occurrences('"tunnel_established"'), occurrences("PN_REFRESH_REFUSED")]).toEqual([1, 0]);
    expect(new Set(giving.used).size).toBe(giving.used.length);
    expect([readdirSync(join(state, "postern")).length, readFileSync(file!, "utf8")]).toEqual([1, kept]);
    await full.terminate();
  });
});
