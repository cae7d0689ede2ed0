import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { explain } from "./documents/explain.js";
import { jsonSchema } from "./documents/json-schema.js";
import { loadConfiguration, type LoadedConfiguration } from "./load.js";
import { ConfigError } from "./file/problem.js";
import { reference } from "./documents/reference.js";
import { startingFile } from "./documents/starting-file.js";
import { TomlFile } from "./file/toml-file.js";

const SAMPLES = fileURLToPath(new URL("../../../examples/config/", import.meta.url));
const tomlIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".toml"))
    .toSorted();
const samples = tomlIn(SAMPLES);

interface OtherLayers {
  env?: Record<string, string>;
  flags?: Record<string, string>;
  command?: string;
}

async function load(
  toml: string | Uint8Array,
  { env = {}, flags = {}, command = "server" }: OtherLayers = {},
): Promise<LoadedConfiguration> {
  const file = await TomlFile.read("postern.toml", Buffer.from(toml));
  return loadConfiguration({ file, env, flags, command });
}

/** Returns the problems of an invalid configuration. */
async function problemsOf(toml: string | Uint8Array, layers?: OtherLayers): Promise<string[]> {
  const error: unknown = await load(toml, layers).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error("the configuration was not rejected", { cause: error });
  return error.problems.map(({ where, message, frame }) => [`${where}: ${message}`, ...frame].join("\n"));
}

const LOCAL = "[[tunnel.endpoints]]\nserver_url = 'http://localhost'\nlocal = 1";

describe("sample files", () => {
  const validate = new Ajv2020({ strict: false }).compile(jsonSchema());

  test("eleven files exist", () => {
    const logins = ["api-key", "certificate", "token"].flatMap((login) => [`${login}-client`, `${login}-server`]);
    const names = ["config.tunnel", "files", "gateway", "tunnel-client", "tunnel-server", ...logins];
    expect(samples).toEqual(names.map((name) => `${name}.toml`).toSorted());
  });

  test.for(samples)("%s is valid, also by the JSON Schema", async (name) => {
    const bytes = readFileSync(SAMPLES + name);
    await load(bytes);
    expect([validate(parse(bytes.toString())), validate.errors]).toEqual([true, null]);
  });

  test.for(samples)("%s, truncated at any byte outside comments, loads or is rejected with a message", async (name) => {
    const text = readFileSync(SAMPLES + name, "latin1");
    for (let length = 0; length < text.length; length += 1) {
      const piece = text.slice(0, length);
      if (/^#.+$/m.test(piece.slice(piece.lastIndexOf("\n") + 1))) continue;
      await load(Buffer.from(piece, "latin1")).catch((error: unknown) => {
        if (!(error instanceof ConfigError) || error.message === "") throw error;
      });
    }
  });

  test("values are read as written", async () => {
    const { values } = await load(readFileSync(`${SAMPLES}tunnel-client.toml`), { env: { TUNNEL_TOKEN: "abc" } });
    expect(values.tunnel.auth).toMatchObject({ method: "token", token: "abc", headers: { "X-Team": "payments" } });
    expect(values.tunnel.endpoints.map(({ subdomain, connection_timeout }) => [subdomain, connection_timeout])).toEqual(
      [
        ["my-app", 30_000],
        [undefined, 30_000],
      ],
    );
    expect(values.tunnel.reconnection).toMatchObject({ max_delay: 300_000, jitter_factor: 0.1 });
  });
});

describe("precedence", () => {
  const toml = '[tunnel.server]\nlisten = "127.0.0.1:1"\nbase_domain = "file.example"\n[logging]\nlevel = "warn"\n';

  test("default, file, environment, flag", async () => {
    const env = { POSTERN_LISTEN: "127.0.0.1:2", POSTERN_DOMAIN: "env.example", POSTERN_LOGGING_RETENTION_DAYS: "7" };
    const loaded = await load(toml, { env, flags: { "--listen": "127.0.0.1:3" } });
    const { server } = loaded.values.tunnel;
    expect([server.listen, server.base_domain, server.max_tunnels]).toEqual(["127.0.0.1:3", "env.example", 10_000]);
    const explained = new Map(explain(loaded.resolution.options, loaded.file).map((each) => [each.path, each]));
    expect(explained.get("tunnel.server.listen")).toMatchObject({ value: '"127.0.0.1:3"', origin: "--listen" });
    expect(explained.get("tunnel.server.base_domain")?.origin).toBe("POSTERN_DOMAIN");
    expect(explained.get("logging.retention_days")).toMatchObject({
      value: "7",
      origin: "POSTERN_LOGGING_RETENTION_DAYS",
    });
    expect(explained.get("logging.level")).toMatchObject({ value: '"warn"', origin: "postern.toml:5" });
    expect(explained.get("tunnel.server.max_tunnels")?.origin).toBe("default");
  });

  test("an empty variable is ignored", async () => {
    expect((await load(toml, { env: { POSTERN_LISTEN: "" } })).values.tunnel.server.listen).toBe("127.0.0.1:1");
  });

  test("a line end at the end of a variable is not part of its value", async () => {
    for (const end of ["\n", "\r\n", "\n\n"]) {
      const env = { POSTERN_API_KEY: `a-key${end}`, POSTERN_SERVER_URL: `https://a.example${end}`, MINE: `mine${end}` };
      const { values } = await load('[tunnel.auth]\nuser = "${MINE}"\n', { env });
      expect([values.tunnel.auth.api_key, values.tunnel.auth.user]).toEqual(["a-key", "mine"]);
    }
    expect((await load("", { env: { POSTERN_API_KEY: "\n" } })).values.tunnel.auth.api_key).toBeUndefined();
    const inside = load("", { env: { POSTERN_API_KEY: "a-key\nanother-key" } });
    await expect(inside).rejects.toThrow("must not contain line breaks");
  });

  test("an invalid value is reported even if a layer with higher precedence overrides it", async () => {
    expect(await problemsOf('[tunnel.server]\nlisten = "x"\n', { flags: { "--listen": "8080" } })).toHaveLength(1);
  });

  test("a flag sets the option of its command", async () => {
    const flags = { "--listen": "127.0.0.1:3" };
    const { server, tunnel } = (await load(toml, { flags, command: "serve" })).values;
    expect([server.listen, tunnel.server.listen]).toEqual(["127.0.0.1:3", "127.0.0.1:1"]);
  });

  test("no two options have the same variable or flag", () => {
    const options = reference().flatMap((section) => section.options);
    for (const names of [options.map(({ flag }) => flag), options.map(({ env }) => env)]) {
      const given = names.filter((name) => name !== undefined);
      const twice = given.filter((name, index) => given.indexOf(name) !== index);
      // An endpoint's `auth` repeats the options of [tunnel.auth].
      // --listen, --browse and --spa belong to another option in each command.
      expect(
        twice.filter(
          (name) =>
            !/^--(?:listen|browse|spa)$|API_KEY|TOKEN|USER|api-key|token-file|^--cert-file$|^--key-file$/.test(name),
        ),
      ).toEqual([]);
    }
  });
});

describe("the delays of reconnection", () => {
  const table = "[tunnel.reconnection]\n";

  test("an initial_delay above the default of max_delay is accepted", async () => {
    const { values } = await load(`${table}initial_delay = 60\n`);
    expect(values.tunnel.reconnection).toMatchObject({ initial_delay: 60_000, max_delay: 20_000 });
  });

  test("a max_delay in the file, below initial_delay, is a mistake", async () => {
    expect(await problemsOf(`${table}initial_delay = 60\nmax_delay = 20\n`)).toEqual([
      expect.stringContaining("initial_delay is longer than max_delay"),
    ]);
  });
});

describe("variables", () => {
  test("are replaced in text, numbers and lists; a default applies if one is not set", async () => {
    const toml = `
[tunnel]
local_port = "\${PORT:3000}"
[tunnel.server]
listen = "\${HOST:0.0.0.0}:\${PORT:80}"
reserved_subdomains = ["\${NAME}", "b"]
[tunnel.auth.headers]
X-Price = "$\${5}"
`;
    const { values } = await load(toml, { env: { NAME: "a", HOST: "127.0.0.1" } });
    expect(values.tunnel.local_port).toBe(3000);
    expect(values.tunnel.server).toMatchObject({ listen: "127.0.0.1:80", reserved_subdomains: ["a", "b"] });
    expect(values.tunnel.auth.headers).toEqual({ "X-Price": "${5}" });
  });

  test("are reported if they are not set or not closed", async () => {
    expect(await problemsOf('[tunnel.auth]\napi_key = "${NOPE}"\n')).toEqual([
      expect.stringContaining(
        "tunnel.auth.api_key needs the environment variable NOPE. Set it, or write ${NOPE:default}",
      ),
    ]);
    expect(await problemsOf('[application]\nname = "${"\n')).toEqual([expect.stringContaining("is not ${NAME}")]);
  });
});

describe("mistakes", () => {
  test("are all reported at once, in file order, with position, line and suggestion", async () => {
    const toml = `[tunnel]
enabeld = true
local_port = 99999
[[tunnel.endpoints]]
subdomian = "x"
[logging]
level = "inof"
`;
    expect(await problemsOf(toml)).toEqual([
      'postern.toml:2:1: "enabeld" is not a key of [tunnel]. Did you mean "enabled"?\n    2 | enabeld = …\n      | ^^^^^^^',
      "postern.toml:3:1: tunnel.local_port must be a whole number from 1 to 65535\n    3 | local_port = 99999\n      | ^^^^^^^^^^",
      'postern.toml:5:1: "subdomian" is not a key of [[tunnel.endpoints]]. Did you mean "subdomain"?\n    5 | subdomian = …\n      | ^^^^^^^^^',
      expect.stringMatching(/^postern\.toml:7:1: logging\.level must be one of .* Did you mean "info"\?/),
    ]);
  });

  test.for([
    ["a value where a table should be", "tunnel = 3", /tunnel must be a table/],
    ["a table where a list should be", "[tunnel.endpoints]\nname = 'a'", /must be a list of tables/],
    ["a table where a value should be", "[tunnel.enabled]\na = 1", /tunnel\.enabled must be true or false/],
    [
      "fields of proxies, without a proxy",
      '[tunnel.server]\ntrusted_proxy_fields = ["X-Forwarded-User"]',
      /trusted_proxy_fields requires trusted_proxies/,
    ],
    ["a key twice", "[tunnel]\nenabled = true\nenabled = false", /postern\.toml:3:\d+: not valid TOML/],
    ["a key that every object inherits", "[logging]\n__proto__ = 3", /"__proto__" is not a key/],
    ["another inherited key", "[logging]\nconstructor = 3", /"constructor" is not a key/],
    ["values that are required together", "[tunnel.auth]\ncert_file = 'a'", /must be set together/],
    ["values that exclude each other", "[tunnel.auth]\napi_key = 'a'\napi_key_file = 'b'", /both set/],
    ["a group without a subdomain", `${LOCAL}\ngroup = true`, /group needs a subdomain/],
    ["a strategy without a group", `${LOCAL}\nsubdomain = 'a'\nstrategy = 'first'`, /strategy needs group = true/],
    ["a weight without a group", `${LOCAL}\nsubdomain = 'a'\nweight = 2`, /weight needs group = true/],
    ["an endpoint without a server", "[[tunnel.endpoints]]\nlocal = 1", /no server_url/],
    ["two endpoints with one name", twoEndpoints("a", "a"), /have the same name, "a"/],
    [
      "a foreign public URL",
      "[tunnel.server]\npublic_url = 'https://a.example'",
      /must be the base domain, for instance https:\/\/localhost/,
    ],
    [
      "two different times for a head",
      "[tunnel.server]\nlimits.head_timeout = 5\nsecurity.connection_timeout = 6",
      /head_timeout and connection_timeout of \[tunnel\.server\.security\] differ/,
    ],
    [
      "a rate of bodies without a time",
      "[tunnel.server.limits]\nmin_body_rate = 240\nbody_timeout = 0",
      /min_body_rate requires body_timeout/,
    ],
    ["a head larger than 256 KiB", '[tunnel.server.limits]\nhead_bytes = "300KiB"', /must be a size/],
    ["UTF-16", Buffer.from("\ufeff[tunnel]", "utf16le"), /is UTF-16 text, not UTF-8/],
    ["not UTF-8", Buffer.from([0x61, 0xff, 0x3d]), /not UTF-8/],
    ["ten megabytes", Buffer.alloc(10_000_000, "#"), /larger than 1 MiB/],
    ["nested deeply", `a = ${"[".repeat(500_000)}`, /not valid TOML/],
  ] as [string, string | Uint8Array, RegExp][])("%s", async ([, toml, message]) => {
    expect((await problemsOf(toml)).join("\n")).toMatch(message);
  });

  test("are reported up to a limit", async () => {
    const toml = Array.from({ length: 1_000 }, (_, index) => `unknown_${index} = 1`).join("\n");
    expect((await problemsOf(toml)).length).toBeLessThan(100);
  });

  test("any input loads or is rejected with a message", async () => {
    const text = samples.map((name) => readFileSync(SAMPLES + name, "utf8")).join("\n");
    const lines = text.split("\n").filter((line) => line !== "");
    const damaged = fc.array(fc.oneof(fc.constantFrom(...lines), fc.string({ unit: "binary", maxLength: 20 })), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(damaged, async (chosen) => {
        await load(chosen.join("\n")).catch((error: unknown) => {
          if (!(error instanceof ConfigError)) throw error;
          // Messages contain no control characters, which a terminal would interpret.
          for (const { message, frame } of error.problems) expect(message + frame.join("")).not.toMatch(/\p{Cc}/u);
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe("secrets", () => {
  const SECRET = "canary-0123456789";

  test.for([
    ["wrong", `[tunnel.server.auth]\napi_keys = ["${SECRET}", 3]`],
    ["wrong, on one line with others", `[tunnel]\nauth = { api_key = "${SECRET}", api_key_file = 3 }`],
    ["cut off", `[tunnel.auth]\napi_key = "${SECRET}`],
    ["cut off in a multi-line string", `[tunnel.auth]\napi_key = """\n${SECRET}\n`],
    ["before a syntax error", `[tunnel.auth]\ntoken = "${SECRET}" x`],
    ["in a multi-line list", `[tunnel.server.auth]\napi_keys = [\n  "${SECRET}",\n  3,\n]`],
    ["of an unknown key", `[tunnel.auth]\napi_kee = "${SECRET}"`],
  ] as [string, string][])("are not in messages: %s", async ([, toml]) => {
    expect((await problemsOf(toml)).join("\n")).not.toContain(SECRET);
  });

  test.for([
    ["in a URL", `[[tunnel.endpoints]]\nserver_url = "https://me:${SECRET}@example.com"`, {}],
    ["in a URL without a host", `[[tunnel.endpoints]]\nserver_url = "me:${SECRET}@"`, {}],
    ["in a URL from the environment", "", { POSTERN_PUBLIC_URL: `https://${SECRET}@example.com` }],
    ["in a password with a slash", "", { POSTERN_PUBLIC_URL: `https://me:a/${SECRET}/b@example.com` }],
    ["in a password with quotes and spaces", "", { POSTERN_PUBLIC_URL: `https://me:a"'@ ${SECRET} @example.com` }],
    ["after reverse slashes", "", { POSTERN_PUBLIC_URL: String.raw`https:\\${SECRET}@example.com` }],
    ["in the query of a URL from the environment", "", { POSTERN_PUBLIC_URL: `https://example.com/?key=${SECRET}` }],
    ["in the query of an address", "", { POSTERN_PUBLIC_URL: `example.com?a b ${SECRET}` }],
    ["in the fragment of a URL", "", { POSTERN_PUBLIC_URL: `https://example.com/#${SECRET}` }],
    ["in the query of a URL", `[[tunnel.endpoints]]\nserver_url = "https://example.com/?key=x '${SECRET}"`, {}],
    [
      "in the query of a refresh URL",
      `[tunnel.auth.token_refresh]\nrefresh_url = "ftp://example.com/?key=${SECRET}"`,
      {},
    ],
    ["in a comment", `[[tunnel.endpoints]] # https://me:${SECRET}@example.com\nserver_url = 3`, {}],
  ] as [string, string, Record<string, string>][])("are not in messages: %s", async ([, toml, env]) => {
    expect((await problemsOf(toml, { env })).join("\n")).not.toContain(SECRET);
  });

  test("are not shown by explain", async () => {
    const loaded = await load(`[tunnel.auth]\napi_key = "${SECRET}"\n[tunnel.auth.headers]\nCookie = "${SECRET}"`);
    const explained = explain(loaded.resolution.options, loaded.file);
    expect(JSON.stringify(explained)).not.toContain(SECRET);
    expect(explained.find(({ path }) => path === "tunnel.auth.api_key")?.value).toBe("***");
    const refresh = await load(
      `[tunnel.auth.token_refresh]\nrefresh_url = "https://me:${SECRET}@example.com/token?key=${SECRET}"\nrefresh_token = "a"`,
    );
    expect(JSON.stringify(explain(refresh.resolution.options, refresh.file))).not.toContain(SECRET);
    expect(loaded.holdsSecrets).toBe(true);
    expect((await load("")).holdsSecrets).toBe(false);
  });
});

describe("a starting file", () => {
  test("is valid and contains no unsupported settings", async () => {
    const loaded = await load(startingFile());
    expect(loaded.unsupported()).toEqual({ pending: [], ignored: [] });
    // Otherwise `postern start` would serve the folder of the file.
    const tables = loaded.resolution.sections.map(({ path }) => path[0]);
    expect(tables.filter((name) => name === "static_config" || name === "proxy")).toEqual([]);
  });

  test("is valid with all compatible options enabled", async () => {
    const on = startingFile()
      .replaceAll(/^# (\w+ = .*)$/gm, "$1")
      // The key and the token are set as files; the example of public_url needs the example of base_domain.
      .replace(/^(api_key|token) = .*$/gm, "")
      // A strategy is that of a group.
      .replace(/^group = false$/m, "group = true")
      // listen replaces it.
      .replace(/^default_port = .*$/m, "")
      .replace(/^base_domain = .*$/m, 'base_domain = "tunnel.example.com"')
      // Certificate logins require TLS.
      .replace(/(^\[tunnel\.server\.ssl\]\n#.*\nenabled = )false/m, "$1true");
    const { resolution } = await load(on);
    const set = resolution.options.filter(({ origin }) => origin.from === "file").length;
    expect(set).toBeGreaterThan(40);
  });
});

function twoEndpoints(...names: string[]): string {
  return names
    .map((name) => `[[tunnel.endpoints]]\nname = "${name}"\nlocal = 1\nserver_url = "http://localhost"\n`)
    .join("");
}
