import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  exchange,
  Origin,
  postern,
  scratchFolder,
  TOKEN_SECRET,
  TokenIssuer,
  until,
  type ClientProcess,
} from "@postern/testkit";
import { expectIn, expectOut, freshIssuer, launch, refreshing, TARGET, TokenServer } from "./token-server.ts";

const cleanup = new Cleanup();
let issuer: TokenIssuer;
/** Takes tokens by the secret. */
let server: TokenServer;

beforeAll(async () => {
  issuer = await TokenIssuer.start(cleanup.defer);
  issuer.lifetime = 600;
  server = await TokenServer.start(cleanup.defer, 'audience = "postern"', {
    POSTERN_TUNNEL_SERVER_AUTH_JWT_SECRET: TOKEN_SECRET,
  });
});
afterAll(() => cleanup.run());

const renewals = (client: ClientProcess, state = "renewed"): number =>
  client.events.filter(({ type, data }) => type === "token_refresh" && data["state"] === state).length;

describe("a token that is refreshed", () => {
  test("a download outlives three tokens, on one session", async () => {
    const giving = await freshIssuer(3);
    let drip = (): void => {};
    let finish = (): void => {};
    const origin = await Origin.start(onTestFinished, (_, outgoing) => {
      outgoing.flushHeaders();
      drip = () => outgoing.write("x".repeat(10_000));
      finish = () => outgoing.end("the end");
    });
    const client = launch(server, { auth: refreshing(giving), subdomain: "download", target: origin.port });
    await expectIn(client);
    const download = exchange(server.port, { host: client.host, path: "/" });
    await until("the download to begin", () => origin.requests.length === 1);
    let seen = 0;
    await client.program.waitFor("three renewals", () => {
      if (renewals(client) > seen) drip();
      seen = renewals(client);
      return seen >= 3;
    });
    finish();
    const { status, body } = await download;
    expect([status, body.length, body.toString().endsWith("the end")]).toEqual([200, seen * 10_000 + 7, true]);
    expect([client.count("tunnel_established"), client.count("connection_attempt")]).toEqual([1, 1]);
  });

  test("the endpoint is down past the end of the token, and then up: the tunnel comes back by itself", async () => {
    const giving = await freshIssuer(3);
    const client = launch(server, { auth: refreshing(giving), subdomain: "down-and-up" });
    await expectIn(client);
    giving.down = true;
    await client.program.waitFor("a failure", () => renewals(client, "failed") > 0);
    await client.event("tunnel_closed");
    expect(client.events.find(({ type }) => type === "tunnel_closed")?.data["code"]).toBe("PN_AUTH_EXPIRED");
    giving.down = false;
    await client.event("tunnel_established", 2);
    expect(client.url.hostname).toBe("down-and-up.localhost");
  });

  test("a first token that counts no more is replaced at once", async () => {
    const giving = await freshIssuer();
    const past = { iat: 1_000, exp: 2_000 };
    await expectIn(launch(server, { auth: refreshing(giving), token: issuer.hashed(past) }));
    await expectIn(launch(server, { auth: refreshing(giving), token: "opaque-and-unknown" }));
  });

  test("a refresh token that changes with every use is kept for the next start, where only its owner reads it", async () => {
    const giving = Object.assign(await freshIssuer(3), { rotates: true });
    const auth = refreshing(giving);
    const state = scratchFolder(onTestFinished);
    const env = { XDG_STATE_HOME: state };
    const first = launch(server, { auth, env, subdomain: "rotating" });
    await expectIn(first);
    await first.program.waitFor("a renewal", () => renewals(first) > 0);
    await first.program.terminate();
    const [file, ...more] = readdirSync(join(state, "postern")).map((name) => join(state, "postern", name));
    expect(more).toEqual([]);
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    expect(readFileSync(file!, "utf8")).toContain(giving.refreshToken);

    const second = launch(server, { auth, env, subdomain: "rotating" });
    await expectIn(second);
    await second.program.waitFor("a renewal", () => renewals(second) > 0);
    await second.program.terminate();
    expect(new Set(giving.used).size).toBe(giving.used.length);

    // Without it the configured one is worth nothing any more.
    renameSync(file!, `${file}.away`);
    await expectOut(launch(server, { auth, env }), "PN_REFRESH_REFUSED");
  });

  test("endpoints with the same refresh token share what comes of it", async () => {
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

  test("no token, refresh token or secret is printed by anybody", async () => {
    const giving = Object.assign(await freshIssuer(3), { rotates: true });
    const client = launch(server, { auth: refreshing(giving), subdomain: "canary" });
    await expectIn(client);
    await client.program.waitFor("a renewal", () => renewals(client) > 0);
    giving.down = true;
    await client.program.waitFor("a failure", () => renewals(client, "failed") > 0);
    giving.down = false;
    giving.refreshToken = "canary-lost";
    await client.program.ends(3);
    const stranger = launch(server, { token: giving.hashed({}, "canary-of-a-stranger-0123456789abcdef") });
    await stranger.program.ends(3);
    for (const output of [client.program.output, stranger.program.output, server.program.output]) {
      expect(output).not.toMatch(/canary-(secret|refresh|lost|of-a)/);
      for (const secret of [...giving.secrets, ...issuer.secrets]) expect(output).not.toContain(secret);
    }
  });
});
