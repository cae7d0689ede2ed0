import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { CertificateAuthority, Cleanup, needs, scratchFolder } from "@postern/testkit";
import * as certificates from "../../credentials/server-certificates.js";
import * as keys from "../../credentials/server-keys.js";
import * as tokens from "../../credentials/server-tokens.js";
import { failureOf } from "../../reporting/failure.js";
import { readSettings } from "../../settings/configuration.js";
import { checkFiles } from "./file-checks.js";

vi.mock("../../credentials/server-certificates.js", { spy: true });
vi.mock("../../credentials/server-keys.js", { spy: true });
vi.mock("../../credentials/server-tokens.js", { spy: true });

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
beforeEach((context) => needs(context, "openssl"));
afterAll(() => cleanup.run());

const KEY = "me 0123456789abcdef";
const ENDPOINT = '[[tunnel.endpoints]]\nserver_url = "http://localhost:1"\nlocal = 1\n';
const SERVER = `[tunnel.server]\nenabled = true\nauth.api_keys = ["${KEY}"]\n`;
const TLS = '[tunnel.server.ssl]\nenabled = true\ncert_file = "server.pem"\nkey_file = "server.key"\n';

/** A folder with a valid certificate `server` and keys of it, `keys`. */
function folder(): string {
  const path = scratchFolder(onTestFinished);
  install(path, "server");
  writeFileSync(join(path, "keys"), KEY, { mode: 0o600 });
  return path;
}

function install(path: string, name: string, days = 2): void {
  const { certificate, key } = ca.issue({ names: ["localhost"], days });
  copyFileSync(certificate, join(path, `${name}.pem`));
  copyFileSync(key, join(path, `${name}.key`));
  chmodSync(join(path, `${name}.key`), 0o600);
}

/** Codes and messages of the errors, and the warnings. */
async function checked(toml: string, path = folder()): Promise<{ errors: string[]; warnings: string[] }> {
  const config = join(path, "postern.toml");
  writeFileSync(config, toml, { mode: 0o600 });
  const { errors, warnings } = await checkFiles(await readSettings({ config, env: { HOME: "/nowhere" }, flags: {} }));
  return { errors: errors.map(failureOf).map(({ code, message }) => `${code} ${message}`), warnings };
}

describe("what `start` would refuse is an error", () => {
  const auth = (line: string): string => `${ENDPOINT}[tunnel.auth]\n${line}\n`;
  test.for([
    ["a missing key of the client", auth('api_key_file = "none"'), /^PN_FILE_UNREADABLE .*none cannot be read/],
    ["a key file with several keys", auth('api_key_file = "two"'), /^PN_KEY_AMBIGUOUS/],
    ["an empty key file", auth('api_key_file = "empty"'), /^PN_KEY_MISSING/],
    ["a key file that others can write", auth('api_key_file = "open"'), /^PN_FILE_WRITABLE/],
    ["a folder in place of a token", auth('token_file = "."'), /^PN_FILE_UNREADABLE .*it is a folder/],
    ["no credential", ENDPOINT, /^PN_KEY_MISSING/],
    ["a client's key of another certificate", auth('cert_file = "server.pem"\nkey_file = "other.key"'), /^PN_TLS_KEY/],
    ["an expired client certificate", auth('cert_file = "old.pem"\nkey_file = "old.key"'), /^PN_TLS_EXPIRED/],
    ["a CA that is none", `${auth('api_key_file = "keys"')}[tunnel.ssl]\nca_file = "keys"`, /^PN_TLS_FILE/],
    ["a missing certificate of the server", SERVER + TLS.replace("server.pem", "none"), /none cannot be read/],
    ["a server's key of another certificate", SERVER + TLS.replace("server.key", "other.key"), /^PN_TLS_KEY/],
    ["a certificate that is none", SERVER + TLS.replace("server.pem", "keys"), /^PN_TLS_FILE/],
    ["a missing client CA", `${SERVER}auth.certificate.ca_file = "none"\n${TLS}`, /none cannot be read/],
    ["a missing key file of the server", SERVER.replace(/api_keys = .*/, 'api_keys_file = "none"'), /none cannot be/],
    ["a server without logins", "[tunnel.server]\nenabled = true\n", /^PN_KEYS_MISSING/],
    ["a private key to verify tokens", jwt('public_key_file = "server.key"'), /^PN_TOKEN_INVALID .*private key/],
    [
      "a log folder inside a file",
      `[logging]\nfile_logging = true\nlogs_directory = "keys/logs"`,
      /^PN_LOG_UNWRITABLE/,
    ],
    ["a log that is a link", `[logging]\nfile_logging = true\nlogs_directory = "linked"`, /^PN_LOG_UNWRITABLE .*link/],
    ["an event log that is a folder", `[tunnel.monitoring]\nevent_log_file = "linked"`, /^PN_LOG_UNWRITABLE/],
  ] as [string, string, RegExp][])("%s", async ([, toml, error]) => {
    const path = folder();
    for (const name of ["other", "old"]) install(path, name, name === "old" ? -1 : 2);
    writeFileSync(join(path, "two"), `${KEY}\n${KEY}x\n`, { mode: 0o600 });
    writeFileSync(join(path, "empty"), "# none\n", { mode: 0o600 });
    writeFileSync(join(path, "open"), KEY);
    chmodSync(join(path, "open"), 0o666);
    mkdirSync(join(path, "linked"));
    symlinkSync("../keys", join(path, "linked", "start.log"));
    expect((await checked(toml, path)).errors).toEqual([expect.stringMatching(error)]);
  });

  test("also beside options of parts that are not built yet", async () => {
    const { errors } = await checked(`${SERVER}[tunnel.server.acme]\nenabled = true\n${TLS.replace("pem", "x")}`);
    expect(errors).toEqual([expect.stringContaining("server.x cannot be read")]);
  });

  test("all errors are found at once, each of them once", async () => {
    const { errors } = await checked(
      `${ENDPOINT}${ENDPOINT.replace("= 1\n", '= 1\nname = "b"\n')}[tunnel.auth]\napi_key_file = "none"\n${SERVER}${TLS.replace("server.key", "gone")}`,
    );
    expect(errors).toEqual([expect.stringContaining("none cannot"), expect.stringContaining("gone cannot")]);
  });
});

function jwt(line: string): string {
  return `${SERVER}[tunnel.server.auth.jwt]\nenabled = true\n${line}\n`;
}

describe("no error", () => {
  test("is found in a valid configuration, and no file is made", async () => {
    const path = folder();
    const more = '[logging]\nfile_logging = true\nlogs_directory = "new/logs"\n[tunnel.auth]\napi_key_file = "keys"\n';
    expect(await checked(SERVER + TLS + ENDPOINT + more, path)).toEqual({
      errors: [],
      warnings: [expect.stringContaining("expires in")],
    });
    expect(existsSync(join(path, "new"))).toBe(false);
  });

  test("an expired certificate of the server is a warning, because the server starts with it", async () => {
    const path = folder();
    install(path, "server", -1);
    const { errors, warnings } = await checked(SERVER + TLS, path);
    expect([errors, warnings]).toEqual([[], [expect.stringMatching(/server\.pem expired on .*Renew it/)]]);
  });

  test("parts that are switched off are not read", async () => {
    const off = `[tunnel]\nenabled = false\n${ENDPOINT}[tunnel.server]\nenabled = false\n${TLS.replace("pem", "x")}`;
    expect(await checked(off)).toEqual({ errors: [], warnings: [] });
  });
});

test("a file for `postern server` or `postern http` needs no credential, but its files are read", async () => {
  const server = "[tunnel.server]\nmax_tunnels = 3\n";
  expect(await checked(server)).toEqual({ errors: [], warnings: [] });
  expect((await checked(server + TLS.replace("pem", "x"))).errors).toEqual([expect.stringContaining("server.x")]);
  expect((await checked('[tunnel.auth]\napi_key_file = "none"\n')).errors).toEqual([expect.stringContaining("none")]);
});

test("the credentials of the server are read once", async () => {
  const loads = [keys.loadServerKeys, tokens.loadServerTokens, certificates.loadServerCertificates];
  for (const each of loads) vi.mocked(each).mockClear();
  expect((await checked(SERVER + TLS)).errors).toEqual([]);
  expect(loads.map((each) => vi.mocked(each).mock.calls.length)).toEqual([1, 1, 1]);
});
