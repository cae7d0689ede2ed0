import { expect, test } from "vitest";
import { pathsNamedIn } from "./named-paths.js";

const named = (toml: string, env = {}): Promise<string[]> => pathsNamedIn(Buffer.from(toml), env);

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
    [proxy.ssl]
    cert_file = "older-name.pem"
  `;
  expect((await named(toml, { KEYS: "/etc/keys" })).toSorted()).toEqual(
    ["./logs", "/etc/keys/gateway.key", "${KEYS}/gateway.key", "htpasswd", "older-name.pem"].toSorted(),
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
  expect(await pathsNamedIn(Buffer.from([0xff, 0xfe, 0x61, 0]), {})).toEqual([]);
});
