import { expect, test } from "vitest";
import { pathsNamedIn, type NamedInFile } from "./named-paths.js";

const read = (toml: string, env = {}): Promise<NamedInFile> => pathsNamedIn(Buffer.from(toml), env);
const named = async (toml: string, env = {}): Promise<string[]> => (await read(toml, env)).paths;

test("a file names the paths of its options, but not the folders and pages that it serves", async () => {
  const toml = `
    [logging]
    logs_directory = "./logs"
    [static_config]
    directory = "."
    fallback = "index.html"
    [server.ssl]
    key_file = "\${KEYS}/gateway.key"
    [[proxy]]
    path = "/"
    files = "./public"
    [proxy.access]
    basic_auth = "htpasswd"
    allow_ips = ["10.0.0.0/8", "./office.txt"]
    [proxy.ssl]
    cert_file = "older-name.pem"
  `;
  expect((await named(toml, { KEYS: "/etc/keys" })).toSorted()).toEqual(
    ["./logs", "./office.txt", "/etc/keys/gateway.key", "${KEYS}/gateway.key", "htpasswd", "older-name.pem"].toSorted(),
  );
});

test("options of another version and files with mistakes count too", async () => {
  expect(await named('[later]\nsecret_files = ["a.key", "b.key"]\n[[later.list]]\nx_cert = "c.pem"\n')).toEqual([
    "a.key",
    "b.key",
    "c.pem",
  ]);
  expect(await named(`[server.ssl\nkey_file = 'a.key'\n"cert_file" = "b.pem"\npath = "/api"`)).toEqual([
    "a.key",
    "b.pem",
  ]);
  expect(await named("")).toEqual([]);
  expect((await pathsNamedIn(Buffer.from([0xff, 0xfe, 0x61, 0]), {})).paths).toEqual([]);
});

test("any text of a file with mistakes may be a path, but not those of a file without and not its pages", async () => {
  const { texts } = await read(
    `[broken
basic_auth = "htpasswd"
exec = ["/bin/sh", 'set dns.sh']
ssl = { cert = "a.pem", key = '\${KEYS}/a.key' }
token = """
b.tok"""
bare = c.tok
unclosed = "d.tok
path = "keys\\\\e.key"
index = ["index.html"]
fallback = "404.html"`,
    { KEYS: "/keys" },
  );
  for (const path of ["htpasswd", "set dns.sh", "a.pem", "/keys/a.key", "b.tok", "c.tok", "d.tok", "keys\\e.key"])
    expect(texts).toContain(path);
  expect(texts.join()).not.toMatch(/index|404/);
  expect((await read('[proxy.access]\nbasic_auth = "x"\n[server.ssl]\nkey_file = "a"\n')).texts).toEqual([]);
  expect(
    (await read(`[broken\n${Array.from({ length: 20_000 }, (_, n) => `a = ${n}`).join("\n")}`)).texts.length,
  ).toBeLessThanOrEqual(10_002);
});
