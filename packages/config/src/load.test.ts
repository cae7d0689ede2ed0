import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { explain } from "./explain.js";
import { jsonSchema } from "./json-schema.js";
import { loadConfiguration, type LoadedConfiguration } from "./load.js";
import { ConfigError } from "./problem.js";
import { reference } from "./reference.js";
import { startingFile } from "./starting-file.js";
import { TomlFile } from "./toml-file.js";

const SAMPLES = fileURLToPath(new URL("../../../examples/config/", import.meta.url));
const samples = readdirSync(SAMPLES).toSorted();

interface Around {
  env?: Record<string, string>;
  flags?: Record<string, string>;
}

async function load(toml: string | Uint8Array, { env = {}, flags = {} }: Around = {}): Promise<LoadedConfiguration> {
  const file = await TomlFile.read("postern.toml", Buffer.from(toml));
  return loadConfiguration({ file, env, flags });
}

/** What is said of a configuration that cannot be used. */
async function complaints(toml: string | Uint8Array, around?: Around): Promise<string[]> {
  const error: unknown = await load(toml, around).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error("it was not refused as a configuration", { cause: error });
  return error.problems.map(({ where, message, frame }) => [`${where}: ${message}`, ...frame].join("\n"));
}

describe("sample files", () => {
  test("there are ten", () => {
    const logins = ["api-key", "certificate", "token"].flatMap((login) => [`${login}-client`, `${login}-server`]);
    const names = ["config.tunnel", "gateway", "tunnel-client", "tunnel-server", ...logins];
    expect(samples).toEqual(names.map((name) => `${name}.toml`).toSorted());
  });

  test.for(samples)("%s is valid, for us and for an editor", async (name) => {
    const bytes = readFileSync(SAMPLES + name);
    await load(bytes);
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema());
    expect([validate(parse(bytes.toString())), validate.errors]).toEqual([true, null]);
  });

  test.for(samples)("%s, cut off anywhere, is refused with a message or loaded", async (name) => {
    const bytes = readFileSync(SAMPLES + name);
    for (let length = 0; length < bytes.length; length += 1) {
      const piece = bytes.subarray(0, length);
      await load(piece).catch((error: unknown) => {
        if (!(error instanceof ConfigError) || error.message === "") throw error;
      });
    }
  });

  test("they mean what they say", async () => {
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

describe("what this version does not do", () => {
  test("is named, unless it is switched off", async () => {
    const loaded = await load(readFileSync(`${SAMPLES}tunnel-server.toml`));
    const { pending, ignored } = loaded.unbuilt(["tunnel", "server"]);
    expect(pending.map(({ message }) => message)).toContain(
      "[tunnel.server.rate_limit] asks for rate limits, which this version does not have yet.",
    );
    expect(pending.map(({ message }) => message).join()).not.toContain("[tunnel.server.ssl]");
    expect(ignored.map(({ where, message }) => `${where} ${message}`)).toEqual([
      "postern.toml:58:2 [tunnel.server.performance] does nothing: the server finds these by itself.",
    ]);
  });

  test("is not asked for by the defaults, nor by a file that repeats them", async () => {
    expect((await load("")).unbuilt()).toEqual({ pending: [], ignored: [] });
    const repeated = "[tunnel.ssl]\nverify_server = true\nalpn_protocols = []\n";
    expect((await load(repeated)).unbuilt()).toEqual({ pending: [], ignored: [] });
  });

  test("is asked for by who runs the part, whatever its own switch says", async () => {
    const server = ["tunnel", "server"];
    const limited = "[tunnel.server.rate_limit]\nenabled = true\n";
    expect((await load(limited)).unbuilt(server).pending).toHaveLength(1);
    expect((await load(`${limited}[tunnel.server]\nenabled = false\n`)).unbuilt().pending).toEqual([]);
    // A client that is switched off does not switch the server off.
    const serverAlone = `[tunnel]\nenabled = false\nmonitoring.enabled = true\n[tunnel.server]\nenabled = true\n${limited}`;
    const messages = (await load(serverAlone)).unbuilt().pending.map(({ message }) => message);
    expect(messages).toEqual([expect.stringContaining("[tunnel.server.rate_limit]")]);
  });

  test("is asked for by the environment as by the file", async () => {
    const env = { POSTERN_TUNNEL_SERVER_RATE_LIMIT_ENABLED: "yes" };
    const { pending } = (await load("", { env })).unbuilt(["tunnel", "server"]);
    expect(pending.map(({ message }) => message)).toEqual([expect.stringContaining("[tunnel.server.rate_limit]")]);
    expect(
      (await load("", { env: { ...env, POSTERN_TUNNEL_SERVER_RATE_LIMIT_ENABLED: "no" } })).unbuilt().pending,
    ).toEqual([]);
  });

  test("is asked for by one that differs", async () => {
    const { pending } = (await load("[tunnel.server.network]\ntcp_keepalive = false\n")).unbuilt(["tunnel", "server"]);
    expect(pending).toHaveLength(1);
  });
});

describe("the stronger wins", () => {
  const toml = '[tunnel.server]\nlisten = "127.0.0.1:1"\nbase_domain = "file.example"\n[logging]\nlevel = "warn"\n';

  test("default, file, environment, flag", async () => {
    const env = { POSTERN_LISTEN: "127.0.0.1:2", POSTERN_DOMAIN: "env.example", POSTERN_LOGGING_RETENTION_DAYS: "7" };
    const loaded = await load(toml, { env, flags: { "--listen": "127.0.0.1:3" } });
    const { server } = loaded.values.tunnel;
    expect([server.listen, server.base_domain, server.max_tunnels]).toEqual(["127.0.0.1:3", "env.example", 10_000]);
    const told = new Map(explain(loaded.resolution.options, loaded.file).map((each) => [each.path, each]));
    expect(told.get("tunnel.server.listen")).toMatchObject({ value: '"127.0.0.1:3"', origin: "--listen" });
    expect(told.get("tunnel.server.base_domain")?.origin).toBe("POSTERN_DOMAIN");
    expect(told.get("logging.retention_days")).toMatchObject({ value: "7", origin: "POSTERN_LOGGING_RETENTION_DAYS" });
    expect(told.get("logging.level")).toMatchObject({ value: '"warn"', origin: "postern.toml:5" });
    expect(told.get("tunnel.server.max_tunnels")?.origin).toBe("default");
  });

  test("a variable that is empty says nothing", async () => {
    expect((await load(toml, { env: { POSTERN_LISTEN: "" } })).values.tunnel.server.listen).toBe("127.0.0.1:1");
  });

  test("a weaker value that is wrong is told all the same", async () => {
    expect(await complaints('[tunnel.server]\nlisten = "x"\n', { flags: { "--listen": "8080" } })).toHaveLength(1);
  });

  test("no two options share a name in the environment or on the command line", () => {
    const options = reference().flatMap((section) => section.options);
    for (const names of [options.map(({ flag }) => flag), options.map(({ env }) => env)]) {
      const given = names.filter((name) => name !== undefined);
      const twice = given.filter((name, index) => given.indexOf(name) !== index);
      // Credentials of one endpoint are the same options once more.
      expect(twice.filter((name) => !/API_KEY|TOKEN|USER|api-key|token-file/.test(name))).toEqual([]);
    }
  });
});

describe("variables", () => {
  test("text, numbers and lists take them; a default is used where there is none", async () => {
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

  test("one that is not set, or not closed, is told", async () => {
    expect(await complaints('[tunnel.auth]\napi_key = "${NOPE}"\n')).toEqual([
      expect.stringContaining("tunnel.auth.api_key needs NOPE in the environment: set it, or write ${NOPE:default}"),
    ]);
    expect(await complaints('[application]\nname = "${"\n')).toEqual([expect.stringContaining("is not ${NAME}")]);
  });
});

describe("mistakes", () => {
  test("all are told at once, in the order of the file, with place, line and advice", async () => {
    const toml = `[tunnel]
enabeld = true
local_port = 99999
[[tunnel.endpoints]]
subdomian = "x"
[logging]
level = "inof"
`;
    expect(await complaints(toml)).toEqual([
      'postern.toml:2:1: "enabeld" is unknown in [tunnel]. Did you mean "enabled"?\n    2 | enabeld = …\n      | ^^^^^^^',
      "postern.toml:3:1: tunnel.local_port must be a whole number from 1 to 65535\n    3 | local_port = 99999\n      | ^^^^^^^^^^",
      'postern.toml:5:1: "subdomian" is unknown in [[tunnel.endpoints]]. Did you mean "subdomain"?\n    5 | subdomian = …\n      | ^^^^^^^^^',
      expect.stringMatching(/^postern\.toml:7:1: logging\.level must be one of .* Did you mean "info"\?/),
    ]);
  });

  test.for([
    ["a value where a table should be", "tunnel = 3", /tunnel must be a table/],
    ["a table where a list should be", "[tunnel.endpoints]\nname = 'a'", /must be a list of tables/],
    ["a table where a value should be", "[tunnel.enabled]\na = 1", /tunnel\.enabled must be true or false/],
    ["a key twice", "[tunnel]\nenabled = true\nenabled = false", /postern\.toml:3:\d+: this is not valid TOML/],
    ["a key that is an object's own", "[logging]\n__proto__ = 3", /"__proto__" is unknown/],
    ["another of those", "[logging]\nconstructor = 3", /"constructor" is unknown/],
    ["values that need each other", "[tunnel.auth]\ncert_file = 'a'", /need each other/],
    ["values that exclude each other", "[tunnel.auth]\napi_key = 'a'\napi_key_file = 'b'", /both set/],
    ["an endpoint without a server", "[[tunnel.endpoints]]\nlocal = 1", /no server_url/],
    ["two endpoints of one name", twoEndpoints("a", "a"), /both called "a"/],
    ["a foreign public URL", "[tunnel.server]\npublic_url = 'https://a.example'", /must be one of localhost/],
    ["not UTF-8", Buffer.from([0x61, 0xff, 0x3d]), /not UTF-8/],
    ["ten megabytes", Buffer.alloc(10_000_000, "#"), /larger than 1 MiB/],
    ["nested deeply", `a = ${"[".repeat(500_000)}`, /not valid TOML/],
  ] as [string, string | Uint8Array, RegExp][])("%s", async ([, toml, message]) => {
    expect((await complaints(toml)).join("\n")).toMatch(message);
  });

  test("a thousand are not all told", async () => {
    const toml = Array.from({ length: 1_000 }, (_, index) => `unknown_${index} = 1`).join("\n");
    expect((await complaints(toml)).length).toBeLessThan(100);
  });

  test("whatever is written, it is a message or a configuration", async () => {
    const text = samples.map((name) => readFileSync(SAMPLES + name, "utf8")).join("\n");
    const lines = text.split("\n").filter((line) => line !== "");
    const damaged = fc.array(fc.oneof(fc.constantFrom(...lines), fc.string({ unit: "binary", maxLength: 20 })), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(damaged, async (chosen) => {
        await load(chosen.join("\n")).catch((error: unknown) => {
          if (!(error instanceof ConfigError)) throw error;
          // Nothing in a message could move a terminal's cursor.
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
    ["wrong, and on one line with others", `[tunnel]\nauth = { api_key = "${SECRET}", api_key_file = 3 }`],
    ["cut off", `[tunnel.auth]\napi_key = "${SECRET}`],
    ["cut off within several lines", `[tunnel.auth]\napi_key = """\n${SECRET}\n`],
    ["behind another mistake", `[tunnel.auth]\ntoken = "${SECRET}" x`],
    ["in a list of several lines", `[tunnel.server.auth]\napi_keys = [\n  "${SECRET}",\n  3,\n]`],
    ["of an unknown key", `[tunnel.auth]\napi_kee = "${SECRET}"`],
  ] as [string, string][])("are in no message: %s", async ([, toml]) => {
    expect((await complaints(toml)).join("\n")).not.toContain(SECRET);
  });

  test.for([
    ["of an address", `[[tunnel.endpoints]]\nserver_url = "https://me:${SECRET}@example.com"`, {}],
    ["of an address that has no host", `[[tunnel.endpoints]]\nserver_url = "me:${SECRET}@"`, {}],
    ["of an address in the environment", "", { POSTERN_PUBLIC_URL: `https://${SECRET}@example.com` }],
  ] as [string, string, Record<string, string>][])("are in no message: %s", async ([, toml, env]) => {
    expect((await complaints(toml, { env })).join("\n")).not.toContain(SECRET);
  });

  test("are not explained", async () => {
    const loaded = await load(`[tunnel.auth]\napi_key = "${SECRET}"\n[tunnel.auth.headers]\nCookie = "${SECRET}"`);
    const told = explain(loaded.resolution.options, loaded.file);
    expect(JSON.stringify(told)).not.toContain(SECRET);
    expect(told.find(({ path }) => path === "tunnel.auth.api_key")?.value).toBe("***");
    const refresh = await load(
      `[tunnel.auth.token_refresh]\nrefresh_url = "https://me:${SECRET}@example.com/token"\nrefresh_token = "a"`,
    );
    expect(JSON.stringify(explain(refresh.resolution.options, refresh.file))).not.toContain(SECRET);
    expect(loaded.holdsSecrets).toBe(true);
    expect((await load("")).holdsSecrets).toBe(false);
  });
});

describe("a starting file", () => {
  test("is valid as it is, and asks for nothing that isn't there", async () => {
    expect((await load(startingFile())).unbuilt()).toEqual({ pending: [], ignored: [] });
  });

  test("is valid with everything switched on that is alone in its place", async () => {
    const on = startingFile()
      .replaceAll(/^# (\w+ = .*)$/gm, "$1")
      // Key and token are there once, as files; the public URL has to be one of the base domain, which is in the example.
      .replace(/^(api_key|token) = .*$/gm, "")
      .replace(/^base_domain = .*$/m, 'base_domain = "tunnel.example.com"')
      // Certificates of clients need TLS.
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
