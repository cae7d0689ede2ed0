import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse, stringify } from "smol-toml";
import { describe, expect, test } from "vitest";
import { CONFIGURATION } from "../declared/configuration.js";
import { jsonSchema } from "../documents/json-schema.js";
import { explain } from "../documents/explain.js";
import { ConfigError } from "../file/problem.js";
import { TomlFile } from "../file/toml-file.js";
import { resolve } from "../resolving/resolve.js";
import { loadConfiguration, type LoadedConfiguration } from "../load.js";
import { tablesAt, withValue } from "./edit.js";
import { translated } from "./older-file.js";
import { OLDER_NAMES } from "./older-names.js";
import { OPTIONS_WITHOUT_EFFECT } from "./options-without-effect.js";

const FOLDER = fileURLToPath(new URL("../../../../examples/config/old/", import.meta.url));
const files = readdirSync(FOLDER).toSorted();

async function load(toml: string | Uint8Array, env: Record<string, string> = {}): Promise<LoadedConfiguration> {
  return loadConfiguration({ file: await TomlFile.read("old.toml", Buffer.from(toml)), env });
}

async function messagesOf(toml: string): Promise<string> {
  const error: unknown = await load(toml).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error("the configuration was not rejected", { cause: error });
  return error.message;
}

const ignored = (loaded: LoadedConfiguration): string[] => loaded.withoutEffect.map(({ problem }) => problem.message);

describe("every file of the older program", () => {
  const validate = new Ajv2020({ strict: false }).compile(jsonSchema());

  test("is among the examples", () => {
    expect(files).toHaveLength(21);
  });

  test.for(files)("%s loads, also by the JSON Schema", async (name) => {
    const bytes = readFileSync(FOLDER + name);
    await load(bytes);
    expect([validate(parse(bytes.toString())), validate.errors]).toEqual([true, null]);
  });

  test("names the options without effect, each of which a file contains", async () => {
    const texts = await Promise.all(files.map(async (name) => ignored(await load(readFileSync(FOLDER + name)))));
    const named = texts.flat().join("\n");
    const keys = OPTIONS_WITHOUT_EFFECT.flatMap(({ table, keys }) => keys.map((key) => ({ table, key })));
    // `validate_…` is true in most files, and false in one.
    expect(keys.filter(({ key }) => !new RegExp(`\\b${key}\\b`).test(named))).toEqual([]);
    expect(keys.length).toBeGreaterThan(60);
  });
});

describe("an older name", () => {
  test.for(OLDER_NAMES)("$path sets $sets", async ({ path, sets, convert }) => {
    const at = (dotted: string): (string | number)[] =>
      dotted.split(".").flatMap((part) => (/\[.?\]$/.test(part) ? [part.replace(/\[.?\]$/, ""), 0] : [part]));
    const toml = stringify(withValue({}, at(path), exampleFor(path)));
    const { file } = translated(await TomlFile.read("old.toml", Buffer.from(toml)));
    const { options, problems } = resolve(CONFIGURATION, { file, env: {} });
    expect(problems).toEqual([]);
    const found = options.find((each) => each.path.join() === at(sets).join());
    const given = convert === undefined ? exampleFor(path) : convert(exampleFor(path));
    expect(found?.option.kind.read(given)).toEqual({ value: found?.value });
    // `config explain` shows the line of the older name.
    const line = toml.split("\n").findIndex((each) => each.startsWith(at(path).at(-1) as string)) + 1;
    expect(explain([found!], file)).toMatchObject([{ origin: `old.toml:${line}` }]);
  });

  test("has no effect beside today's name", async () => {
    const loaded = await load(
      "[[proxy]]\npath = '/'\ntarget = 'http://a'\n[proxy.ssl]\nverify_backend = true\nverify_backend_ssl = false",
    );
    expect(loaded.values.proxy[0]?.ssl.verify_backend).toBe(true);
    expect(ignored(loaded)).toEqual([
      "proxy[0].ssl.verify_backend_ssl has no effect, because verify_backend, its new name, is also set. Remove one of them.",
    ]);
  });

  test("is checked like today's name, with the line of the file", async () => {
    expect(await messagesOf("[tunnel.server.auth]\njwt_enabled = 3\n")).toBe(
      "old.toml:2:1: tunnel.server.auth.jwt.enabled must be true or false",
    );
    expect(await messagesOf("[tunnel.server.auth]\ntoken_expiry = '1d'\n")).toContain("token_expiry must be a number");
  });

  test("of a certificate adds one to those in the list", async () => {
    const ssl = "[tunnel.server.ssl]\nwildcard_cert_file = 'w.crt'\nwildcard_key_file = 'w.key'\n";
    const given = `${ssl}[[tunnel.server.ssl.certificates]]\ncert_file = 'a.crt'\nkey_file = 'a.key'\n`;
    expect((await load(given)).values.tunnel.server.ssl.certificates.map(({ cert_file }) => cert_file)).toEqual([
      "a.crt",
      "w.crt",
    ]);
  });
});

describe("other names are errors", () => {
  test.for([
    ["[static]\ndirectroy = '.'\n", '"directroy" is not a key of [static]. Did you mean "directory"?'],
    ["[server]\nprot = 80\n", '"prot" is not a key of [server].'],
    ["[tunnel.server.performance]\nworkers = 3\n", '"workers" is not a key of [tunnel.server.performance].'],
    ["[tunnel.server.rate_limiting]\nmax = 3\n", '"max" is not a key of [tunnel.server.rate_limiting].'],
    ["static = 3\n", '"static" is not a key of the file.'],
    ["[static.__proto__]\na = 1\n", '"__proto__" is not a key of [static].'],
  ] as [string, string][])("%j", async ([toml, message]) => {
    expect(await messagesOf(toml)).toContain(message);
  });
});

test("options without effect are reported for the parts that run", async () => {
  const loaded = await load("[tunnel.server.performance]\nworker_threads = 3\n[static]\ndirectory = '.'\n");
  const keys = (...within: string[][]): string[] =>
    loaded.unsupported(...within).ignored.map(({ message }) => message.split(" ")[0]!);
  expect(keys(["tunnel", "server"])).toEqual(["worker_threads", "directory"]);
  expect(keys(["tunnel", "auth"])).toEqual(["directory"]);
});

test("values that lose nothing need no warning", async () => {
  const harmless = "[tunnel.server]\nsecurity.validate_host_headers = true\nssl.alpn_protocols = ['http/1.1']\n";
  expect(ignored(await load(harmless))).toEqual([]);
  expect(ignored(await load("[tunnel.server.ssl]\nalpn_protocols = ['h2', 'http/1.1']\n")).join()).toContain("HTTP/2");
});

test.each([
  ["validate_host_headers = false", "requests with an invalid host or an ambiguous length are always rejected"],
  ["validate_content_length = false", "requests with an invalid host or an ambiguous length are always rejected"],
  ["max_response_size = 5", "the size of responses is not limited"],
])("[tunnel.server.security] %s has no effect, and says so", async (line, reason) => {
  const loaded = await load(`[tunnel.server.security]\n${line}\n`);
  expect(ignored(loaded)).toEqual([expect.stringContaining(reason)]);
  expect(ignored(loaded).join()).toContain(line.split(" ")[0]);
});

test("[tunnel.server.security] cors_enabled without cors_origins adds nothing, and says so", async () => {
  const security = "[tunnel.server.security]\ncors_enabled = true\ncors_origins = []\n";
  const warning = "cors_enabled has no effect while cors_origins is empty. List the origins to allow.";
  const warningsOf = async (text: string): Promise<string[]> =>
    (await load(text)).warnings.map(({ message }) => message);
  // `postern server` runs without `enabled`, too.
  for (const enabled of ["", "[tunnel.server]\nenabled = true\n"])
    expect(await warningsOf(enabled + security)).toEqual([warning]);
  expect(await warningsOf(`[tunnel.server]\nenabled = false\n${security}`)).toEqual([]);
});

describe("a variable that is not set", () => {
  const toml = (enabled: boolean): string =>
    `[server.ssl.lets_encrypt]\nenabled = ${enabled}\ndns_challenge.credentials = { token = "\${NOPE}" }\n`;

  test("is a warning in a table that is switched off, otherwise an error", async () => {
    const on = "[server.ssl]\nenabled = true\ncert_file = 'a'\nkey_file = 'b'\n";
    const { warnings } = await load(on.replace("true", "false") + toml(true));
    expect(warnings.map(({ where, message }) => `${where} ${message}`)).toEqual([
      expect.stringMatching(
        /^old\.toml:\d+:1 .*needs the environment variable NOPE.*not needed while the table is disabled/,
      ),
    ]);
    expect(await messagesOf(on + toml(true))).toContain("needs the environment variable NOPE");
    const messages = async (env?: Record<string, string>): Promise<string> =>
      (await load(on + toml(false), env)).warnings.map(({ message }) => message).join();
    expect(await messages()).toContain("NOPE");
    expect(await messages({ NOPE: "x" })).toBe("");
  });

  test("is an error for a command that runs the table all the same", async () => {
    const loaded = await load('[tunnel.server]\nenabled = false\nauth.api_keys = ["${NOPE}"]\n');
    expect(() => loaded.requireVariables(["tunnel", "auth"])).not.toThrow();
    expect(() => loaded.requireVariables(["tunnel", "server"])).toThrow(/NOPE/);
  });
});

test("older spellings of words are accepted", async () => {
  const { values } = await load('[tunnel.server]\nsubdomain_strategy = "UserSpecified"\n');
  expect(values.tunnel.server.subdomain_strategy).toBe("user_specified");
  const route = "[[proxy]]\npath = '/'\ntargets = ['http://a', 'http://b']\nstrategy = 'RoundRobin'\n";
  const [proxy] = (await load(route)).values.proxy;
  expect([proxy?.strategy, proxy?.targets.map(({ url }) => url)]).toEqual(["round_robin", ["http://a", "http://b"]]);
});

test("tables are found in every entry of a list", () => {
  const values = { a: [{ b: {} }, { c: 1 }, 3, { b: {} }] };
  expect(tablesAt(values, "a[].b")).toEqual([
    ["a", 0, "b"],
    ["a", 3, "b"],
  ]);
});

function exampleFor(path: string): unknown {
  if (path.endsWith("admin_keys")) return ["a"];
  if (/file|secret/.test(path)) return "a-text";
  return /enabled|force|redirect|verify/.test(path) ? !path.includes("verify") : 7_200;
}
