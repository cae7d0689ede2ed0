import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Cleanup, postern, scratchFolder, TOKEN_SECRET, type TokenIssuer, until } from "@postern/testkit";
import {
  expectAccepted,
  expectRefused,
  freshIssuer,
  launch,
  startTokens,
  TARGET,
  TokenServer,
  type LaunchOptions,
} from "./token-server.ts";

const cleanup = new Cleanup();
let issuer: TokenIssuer;
let server: TokenServer;

beforeAll(async () => {
  ({ issuer, server } = await startTokens(cleanup.defer));
});
afterAll(() => cleanup.run());

describe("tokens that the server accepts", () => {
  test("jwks_url, with keys that change", async () => {
    const rotating = await freshIssuer();
    const jwt = `jwks_url = "${rotating.url}/jwks"\naudience = "postern"\nissuer = "me"`;
    const other = await TokenServer.start(onTestFinished, jwt);
    const old = rotating.signed({ iss: "me" });
    await expectAccepted(launch(other, { token: old }));
    await expectRefused(launch(other, { token: rotating.signed({ iss: "you" }) }));
    rotating.rotateKeys("second");
    await expectAccepted(launch(other, { token: rotating.signed({ iss: "me" }) }));
    // The old key is no longer valid.
    await expectRefused(launch(other, { token: old }));
  });

  test("introspection_url: a revoked token ends its sessions", async () => {
    const asked = await freshIssuer();
    const jwt = `introspection_url = "${asked.url}/introspect"\nintrospection_interval = "1s"\nuser_claim = "username"`;
    const other = await TokenServer.start(onTestFinished, jwt);
    asked.opaque.set("canary-opaque", { active: true, username: "alice" });
    const client = launch(other, { token: "canary-opaque" });
    expect(await expectAccepted(client)).toBe("alice");
    await expectRefused(launch(other, { token: "canary-of-nobody" }));
    asked.down = true;
    const before = asked.introspections;
    expect(client.program.exit).toBeUndefined();
    asked.down = false;
    await until("another introspection", () => asked.introspections > before);
    asked.opaque.clear();
    await client.program.ends(3);
    expect(client.program.stderr).toContain("PN_AUTH_REFUSED");
    expect(other.program.output + client.program.output).not.toContain("canary-opaque");
  });

  test.for([
    ["no key at all", "", "Set secret, public_key_file"],
    ["a short secret", 'secret = "canary-short"', "32 bytes"],
    ["two kinds of keys", `secret = "${TOKEN_SECRET}"\npublic_key_file = "key.pem"`, "exclude each other"],
    ["keys without an audience", 'jwks_url = "https://idp.example/jwks"', "audience"],
    ["keys over plain HTTP", 'jwks_url = "http://idp.example/jwks"\naudience = "a"', "https://"],
    ["introspection over plain HTTP", 'introspection_url = "http://10.0.0.1/"', "https://"],
    ["an invalid key file", 'public_key_file = "postern.toml"', "PN_TOKEN_INVALID"],
  ] as const)("%s: it does not start", async ([, jwt, why]) => {
    const file = join(scratchFolder(onTestFinished), "postern.toml");
    writeFileSync(file, `[tunnel.server.auth.jwt]\nenabled = true\n${jwt}\n`, { mode: 0o600 });
    const program = postern(onTestFinished, ["server", "--config", file, "--listen", "127.0.0.1:0"]);
    await program.ends(2);
    expect(program.stderr).toContain(why);
    expect(program.output.replace(jwt, "")).not.toMatch(/canary-(?!short")/);
  });
});

describe("the token of a client", () => {
  const file = (text: string): string => {
    const path = join(scratchFolder(onTestFinished), "token");
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  test("each endpoint uses its own, or the shared one", async () => {
    const folder = scratchFolder(onTestFinished);
    const config = join(folder, "postern.toml");
    const endpoint = (name: string): string =>
      `[[tunnel.endpoints]]\nname = "${name}"\nserver_url = "${server.url}"\nlocal = ${TARGET}\n`;
    writeFileSync(
      config,
      `[tunnel.auth]\ntoken = "${issuer.hashed({ sub: "of-all" })}"\n${endpoint("one")}${endpoint("two")}` +
        `[tunnel.endpoints.auth]\ntoken_file = "${file(issuer.hashed({ sub: "its-own" }))}"\n`,
      { mode: 0o600 },
    );
    const start = postern(onTestFinished, ["start", "--config", config, "--json"]);
    await start.waitFor(
      "both",
      () => /\/\/of-all\.localhost/.test(start.stdout) && /\/\/its-own\.localhost/.test(start.stdout),
    );
  });

  test.for([
    ["a file that others can write", { mode: 0o666, text: "token" }, "PN_FILE_WRITABLE"],
    ["a file with more than one token", { mode: 0o600, text: "two words" }, "PN_TOKEN_INVALID"],
    ["an empty file", { mode: 0o600, text: "" }, "PN_TOKEN_INVALID"],
  ] as const)("%s is refused", async ([, { mode, text }, code]) => {
    const path = file(text);
    chmodSync(path, mode);
    const client = launch(server, { args: ["--token-file", path] });
    await client.program.ends(2);
    expect(client.program.stderr).toContain(code);
  });
});

describe("the user of a token", () => {
  const tunnel = async (claims: object, options: LaunchOptions = {}): Promise<string> =>
    expectAccepted(launch(server, { token: issuer.hashed(claims), ...options }));

  test("is the name of the first tunnel without a requested name; further names are generated", async () => {
    expect(await tunnel({ sub: "carol@example.com" })).toBe("carol");
    expect(await tunnel({ sub: "carol@example.com" })).toMatch(/^\w+-\w+-\w+$/);
    expect(await tunnel({ sub: "dora" }, { env: { POSTERN_USER: "dora-at-home" } })).toBe("dora-at-home");
  });

  test("owns the requested names", async () => {
    await tunnel({ sub: "erin" }, { subdomain: "erins" });
    const other = launch(server, { token: issuer.hashed({ sub: "frank" }), subdomain: "erins" });
    await other.program.ends(2);
    expect(other.program.stderr).toContain("PN_NAME_TAKEN");
  });

  test("may request only the names that the token lists", async () => {
    const claims = { sub: "gina", postern_names: ["gina-web", "team-*"] };
    expect(await tunnel(claims, { subdomain: "team-x" })).toBe("team-x");
    expect(await tunnel(claims)).toBe("gina-web");
    expect(await tunnel(claims)).toMatch(/^team-/);
    const other = launch(server, { token: issuer.hashed(claims), subdomain: "ginas" });
    await other.program.ends(3);
    expect(other.program.stderr).toContain("PN_NAME_FORBIDDEN");
  });
});

test("the expiry of a static token is announced and ends its session permanently", async () => {
  const { iat, exp } = { iat: Date.now() / 1_000, exp: Date.now() / 1_000 + 8 };
  const client = launch(server, { token: issuer.hashed({ iat, exp }) });
  await expectAccepted(client);
  expect((await client.event("token_refresh")).data).toMatchObject({ state: "expiring" });
  await client.program.ends(3);
  expect(client.program.stderr).toContain("PN_AUTH_EXPIRED");
  expect(Date.now() / 1_000).toBeGreaterThanOrEqual(exp);
  await expectRefused(launch(server, { token: issuer.hashed({ iat, exp }) }), "PN_AUTH_EXPIRED");
});

test("a token of a hundred kilobytes is not sent", async () => {
  const path = join(scratchFolder(onTestFinished), "token");
  writeFileSync(path, "x".repeat(100_000), { mode: 0o600 });
  await expectRefused(launch(server, { args: ["--token-file", path] }));
  expect(await server.healthy()).toBe(true);
});
