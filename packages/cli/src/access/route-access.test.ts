import { generateKeyPairSync } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings, type Settings } from "../settings/configuration.js";
import { loadRouteAccess, type RouteAccess } from "./route-access.js";

interface Given {
  folder: string;
  access: () => Promise<RouteAccess>;
}

/** The access of a route with these options, in a folder with these files. */
async function given(options: string, files: Record<string, string> = {}): Promise<Given> {
  const folder = scratchFolder(onTestFinished);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const config = join(folder, "postern.toml");
  writeFileSync(config, `[[proxy]]\npath = "/*"\ntarget = "http://a:1"\n${options}\n`, { mode: 0o600 });
  const settings: Settings = await readSettings({ config, env: {}, flags: {} });
  return { folder, access: () => loadRouteAccess(settings, settings.loaded.values.proxy[0]!, 0) };
}

const stepsOf = async (options: string, files?: Record<string, string>): Promise<RouteAccess["steps"]> =>
  (await (await given(options, files)).access()).steps;

test("a route without these options has no steps", async () => {
  expect(await stepsOf("")).toBeUndefined();
  expect(await stepsOf("[proxy.access]\n")).toBeUndefined();
});

describe("lists of addresses", () => {
  test("contain the entries of their files, beside the configuration", async () => {
    const { folder, access } = await given(
      '[proxy.access]\nallow_ips = ["192.0.2.1", "./office.txt"]\ndeny_ips = ["./bad.txt", "fd00::/8", "https://lists.example/bad"]\nallow_private = true\n',
      {
        "office.txt": "\uFEFF# office\n10.0.0.0/8\r\n\n 10.1.0.0/16 # floor 1\n2001:db8::/32",
        "bad.txt": "10.9.9.9 ; noted\n",
      },
    );
    expect(await access()).toEqual({
      steps: {
        addresses: {
          allow: ["192.0.2.1", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"],
          deny: ["10.9.9.9/32", "fd00::/8", "https://lists.example/bad"],
          allowPrivate: true,
        },
      },
      files: [join(folder, "bad.txt"), join(folder, "office.txt")],
      warnings: [],
    });
  });

  test("that are in empty files admit nobody", async () => {
    const steps = await stepsOf('[proxy.access]\nallow_ips = ["./none.txt"]\n', { "none.txt": "# nobody\n" });
    expect(steps).toEqual({ addresses: { allow: [], deny: [] } });
  });

  test("name the line that is not valid", async () => {
    const { folder, access } = await given('access.deny_ips = ["./bad.txt"]', { "bad.txt": "10.0.0.1\nexample.com\n" });
    await expect(access()).rejects.toThrow(`${join(folder, "bad.txt")}, line 2: "example.com" is not an IP address`);
  });

  test("may have a hundred thousand entries", async () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, n) => `2001:db8:aaaa:bbbb:cccc:dddd:${(n >> 8).toString(16)}:${n & 255}/128`,
    );
    const steps = await stepsOf('access.deny_ips = ["./bad.txt"]', { "bad.txt": lines.join("\n") });
    expect(steps?.addresses?.deny).toHaveLength(100_000);
  });

  test("in a file that does not exist, or that others can change, are refused", async () => {
    const missing = await given('access.allow_ips = ["./none.txt"]');
    await expect(missing.access()).rejects.toMatchObject({ code: "PN_FILE_UNREADABLE" });
  });
});

describe("users", () => {
  const HASH = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";

  test("are those of the file, beside the configuration", async () => {
    const { folder, access } = await given('access.basic_auth = "users"', { users: `ann:${HASH}\n` });
    expect(await access()).toEqual({
      steps: { basicAuth: { users: [{ name: "ann", hash: HASH }] } },
      files: [join(folder, "users")],
      warnings: [],
    });
  });

  test("may be none, with a warning; a file that others can read is one as well", async () => {
    const { folder, access } = await given('access.basic_auth = "users"', { users: "" });
    chmodSync(join(folder, "users"), 0o644);
    const { steps, warnings } = await access();
    expect(steps).toEqual({ basicAuth: { users: [] } });
    expect(warnings).toEqual([expect.stringMatching(/Other users can read/), expect.stringMatching(/lists no users/)]);
  });
});

test("a password is the hash of its file, beside the configuration", async () => {
  const hash = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
  const { folder, access } = await given('access.password_file = "secret"', { secret: `${hash}\n` });
  expect(await access()).toEqual({ steps: { password: { hash } }, files: [join(folder, "secret")], warnings: [] });
});

describe("webhooks", () => {
  const more = { window: 300_000, maxSize: 1_000_000 };

  test("have the secrets of the table and of its file", async () => {
    const table = '[proxy.access.webhook]\nkind = "GitHub"\nsecret = "a,b"\n';
    expect(await stepsOf(table)).toEqual({ webhook: { kind: "github", secrets: ["a,b"], ...more } });
    const file = `${table.replace('"a,b"', '["a", "b"]')}secret_file = "s"\n`;
    const { folder, access } = await given(file, { s: "c\r\n\nd\n" });
    expect(await access()).toEqual({
      steps: { webhook: { kind: "github", secrets: ["a", "b", "c", "d"], ...more } },
      files: [join(folder, "s")],
      warnings: [],
    });
  });

  test("of the kind hmac have a header", async () => {
    const table =
      '[proxy.access.webhook]\nkind = "hmac"\nsecret = "a"\nheader = "X-Sig"\nencoding = "base64"\nprefix = "v1:"\nwindow = "1m"\nmax_size = "2MB"\n';
    expect(await stepsOf(table)).toEqual({
      webhook: {
        kind: "hmac",
        secrets: ["a"],
        hmac: { header: "X-Sig", algorithm: "sha256", encoding: "base64", prefix: "v1:" },
        window: 60_000,
        maxSize: 2_000_000,
      },
    });
  });

  test.each([
    ["none", "\n", /contains no secret/],
    ["too many", "canary\n".repeat(9), /more than 8 secrets/],
    ["one that is not base64", "whsec_canary!", /base64/],
  ])("are refused with %s in the file", async (_, text, message) => {
    const table = '[proxy.access.webhook]\nkind = "standard-webhooks"\nsecret_file = "s"\n';
    const { access } = await given(table, { s: text });
    await expect(access()).rejects.toMatchObject({
      code: "PN_WEBHOOK_SECRET",
      message: expect.stringMatching(message),
    });
    await expect(access()).rejects.not.toMatchObject({ message: expect.stringContaining("canary") });
  });
});

describe("tokens", () => {
  test("have the keys and claims of the table; without a key there are none", async () => {
    const table =
      '[proxy.access.jwt]\njwks_url = "https://a.example/keys"\naudience = "shop"\nissuer = "https://a.example"\n';
    const jwt = { jwksUrl: "https://a.example/keys", audience: "shop", issuer: "https://a.example" };
    expect(await stepsOf(table)).toEqual({ jwt: { ...jwt, fields: { "X-Forwarded-User": "sub" } } });
    expect(await stepsOf(`access.allow_private = true\n${table}claim_fields = { X-Email = "email" }\n`)).toEqual({
      jwt: { ...jwt, fields: { "X-Email": "email" }, allowPrivate: true },
    });
    expect(await stepsOf(`${table}enabled = false\n`)).toBeUndefined();
  });

  test("are checked with the key of a file, beside the configuration", async () => {
    const pem = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }) as string;
    const { folder, access } = await given('access.jwt.public_key_file = "a.pem"', { "a.pem": pem });
    const { steps, files } = await access();
    expect([steps?.jwt?.publicKey, files]).toEqual([pem, [join(folder, "a.pem")]]);
    const wrong = await given('access.jwt.public_key_file = "a.pem"', { "a.pem": "key" });
    await expect(wrong.access()).rejects.toMatchObject({ code: "PN_TOKEN_INVALID" });
  });
});

describe("rate limits", () => {
  test.for([
    ["[proxy.access.rate_limit]\nrequests_per_minute = 60\n", { requestsPerMinute: 60, window: 60_000 }],
    [
      '[proxy.access.rate_limit]\nrequests_per_minute = 60\nwindow = "10s"\nburst = 5\nmax_concurrent = 2\nby_header = "X-Key"\nmessage = "Slow."\n',
      { requestsPerMinute: 60, window: 10_000, burst: 5, concurrent: 2, byHeader: "x-key", message: "Slow." },
    ],
    [
      '[proxy.middleware.rate_limit]\nrequests_per_minute = 60\nwindow_seconds = 30\nmax_concurrent = 2\nlimit_by_header = "X-Key"\nrate_limit_message = "Slow."\n',
      { requestsPerMinute: 60, window: 30_000, concurrent: 2, byHeader: "x-key", message: "Slow." },
    ],
    ["[proxy.access.rate_limit]\nmax_concurrent = 2\n", { concurrent: 2, window: 60_000 }],
  ] as const)("%j", async ([options, rateLimit]) => {
    expect(await stepsOf(options)).toEqual({ rateLimit });
  });
});

test("a service that decides is asked at its URL", async () => {
  const table = '[proxy.access.forward_auth]\nurl = "http://a:1/verify"\nresponse_fields = ["Remote-User"]\n';
  expect(await stepsOf(table)).toEqual({
    forwardAuth: { url: "http://a:1/verify", responseFields: ["Remote-User"] },
  });
});

describe("logins", () => {
  const SERVER = '[server.oidc]\nissuer = "https://auth.example"\nclient_id = "postern"\n';
  const provider = { issuer: "https://auth.example", clientId: "postern" };
  const everybody = { emails: [], domains: [], groups: [], maxAge: 28_800_000 };

  test("are at the provider of [server.oidc], with the secret of its file", async () => {
    const server = `${SERVER}client_secret_file = "secret"\nscopes = ["groups"]\nallow_private = true\ncallback_url = "https://l.example/.postern/oidc/callback"\n`;
    const table =
      '[proxy.access.oidc]\nemails = ["a@b.example"]\ndomains = ["c.example"]\ngroups = ["g"]\nmax_age = "5m"\n';
    const { folder, access } = await given(`host = "a.example"\n${table}${server}`, { secret: "canary\n" });
    chmodSync(join(folder, "secret"), 0o644);
    const more = { scopes: ["groups"], allowPrivate: true, callbackUrl: "https://l.example/.postern/oidc/callback" };
    expect(await access()).toEqual({
      steps: {
        oidc: {
          provider: { ...provider, ...more, clientSecret: "canary" },
          emails: ["a@b.example"],
          domains: ["c.example"],
          groups: ["g"],
          maxAge: 300_000,
        },
      },
      files: [join(folder, "secret")],
      warnings: [expect.stringMatching(/Other users can read/)],
    });
  });

  test.for(["[proxy.access.oidc]\n", "access = { oidc = {} }\n"])(
    "%j is a login for every account, and no open route",
    async (table) => {
      expect(await stepsOf(`${table}${SERVER}`)).toEqual({ oidc: { provider, ...everybody } });
    },
  );

  test.for(["", '[server.oidc]\nissuer = "https://auth.example"\n', '[server.oidc]\nclient_id = "postern"\n'])(
    "without a provider are refused: %j",
    async (server) => {
      const { access } = await given(`[proxy.access.oidc]\n${server}`);
      await expect(access()).rejects.toMatchObject({
        code: "PN_CONFIG_INVALID",
        message: expect.stringMatching(/postern\.toml:4.*\[server\.oidc\] has no (issuer|client_id)/) as string,
      });
    },
  );

  test.for([
    ["", 4],
    ['host = "*.example.com"\n', 4],
  ] as const)("with one callback need an exact host, and the message names the line: %j", async ([host, line]) => {
    const callback = 'callback_url = "https://l.example/.postern/oidc/callback"\n';
    const { access } = await given(`${host}[proxy.access.oidc]\n${SERVER}${callback}`);
    await expect(access()).rejects.toMatchObject({
      code: "PN_CONFIG_INVALID",
      message: expect.stringMatching(
        new RegExp(`postern\\.toml:${line}.*callback_url of \\[server\\.oidc\\].*host without a wildcard`),
      ) as string,
    });
    expect(await stepsOf(`${host}[proxy.access.oidc]\n${SERVER}`)).toBeDefined();
  });

  test("with an empty secret are refused", async () => {
    const { access } = await given(`[proxy.access.oidc]\n${SERVER}client_secret_file = "secret"\n`, { secret: "\n" });
    await expect(access()).rejects.toMatchObject({ code: "PN_FILE_UNREADABLE" });
  });
});

test("credentials for targets become fields", async () => {
  expect(await stepsOf('[proxy.middleware.auth]\nbearer_token = "t"\n')).toEqual({
    credentials: [{ name: "Authorization", value: "Bearer t" }],
  });
  const others =
    '[proxy.middleware.auth]\nbasic_auth = "me:pä"\ncustom_auth_header = ["X-A", "v"]\napi_key = { header_name = "X-Key", key_value = "k" }\n';
  expect(await stepsOf(others)).toEqual({
    credentials: [
      { name: "Authorization", value: "Basic bWU6cMOk" },
      { name: "X-Key", value: "k" },
      { name: "X-A", value: "v" },
    ],
  });
});

describe("compression", () => {
  const types = ["text/html"];
  const compressionOf = async (options: string): Promise<unknown> =>
    (await stepsOf(`[proxy.middleware.compression]\ntypes = ["text/html"]\n${options}\n`))?.compression;

  test.for([
    ["", { levels: { zstd: 3, gzip: 6 }, threshold: 1_024, types }],
    [
      "threshold_bytes = '2KB'\nlevel = 2\nbrotli = true",
      { levels: { zstd: 2, br: 2, gzip: 2 }, threshold: 2_000, types },
    ],
    ["brotli = true", { levels: { zstd: 3, br: 4, gzip: 6 }, threshold: 1_024, types }],
    // Levels of older files.
    ["level = 11\nbrotli = true", { levels: { zstd: 3, br: 5, gzip: 6 }, threshold: 1_024, types }],
    ["zstd = false", { levels: { gzip: 6 }, threshold: 1_024, types }],
    // An older file without gzip does not know zstd.
    ["gzip = false\nbrotli = true", { levels: { br: 4 }, threshold: 1_024, types }],
    ["gzip = false\nzstd = true", { levels: { zstd: 3 }, threshold: 1_024, types }],
    ["gzip = false", undefined],
    ["level = 0", undefined],
  ] as const)("with %j", async ([options, expected]) => {
    expect(await compressionOf(options)).toEqual(expected);
  });

  test("is on if the table is there, with the usual types", async () => {
    for (const table of ["[proxy.middleware.compression]\n", "middleware.compression = {}\n"]) {
      const steps = await stepsOf(table);
      expect(steps?.compression).toMatchObject({ levels: { zstd: 3, gzip: 6 }, threshold: 1_024 });
      expect(steps?.compression?.types).toEqual(
        expect.arrayContaining(["text/*", "application/json", "image/svg+xml"]),
      );
    }
    expect(await stepsOf("[proxy.middleware]\n")).toBeUndefined();
  });
});
