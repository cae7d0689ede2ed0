import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  ClientProcess,
  postern,
  scratchFolder,
  TEST_KEY,
  TOKEN_SECRET,
  TokenIssuer,
  writeKeys,
  type Program,
} from "@postern/testkit";

const cleanup = new Cleanup();
let issuer: TokenIssuer;
let server: Program;
let url: string;
let secureUrl: string;
/** The CA of the server's certificate. */
let ca: string;

beforeAll(async () => {
  const folder = scratchFolder(cleanup.defer);
  issuer = await TokenIssuer.start(cleanup.defer);
  issuer.lifetime = 6_000;
  const authority = new CertificateAuthority(cleanup.defer, "servers");
  ca = authority.certificate;
  const own = authority.issue({ names: ["localhost", "*.localhost"] });
  const [port, securePort] = [await claimPort(), await claimPort()];
  [url, secureUrl] = [`http://127.0.0.1:${port}`, `https://localhost:${securePort}`];
  writeKeys(join(folder, "keys"), { tests: TEST_KEY, others: "key-of-somebody-else-0123456789" });
  const file = join(folder, "postern.toml");
  writeFileSync(
    file,
    `[tunnel.server]
listen = "127.0.0.1:${port}"
public_https_port = ${securePort}
reserved_subdomains = ["admin"]
[tunnel.server.auth]
api_keys_file = "keys"
[tunnel.server.auth.jwt]
enabled = true
audience = "postern"
secret = "${TOKEN_SECRET}"
[tunnel.server.ssl]
enabled = true
cert_file = "${own.certificate}"
key_file = "${own.key}"
[tunnel.server.ssl.redirect]
enabled = false
`,
    { mode: 0o600 },
  );
  server = postern(cleanup.defer, ["server", "--config", file, "--json", "--log-format", "json"]);
  await server.waitFor("it to listen", () => server.stdout.includes('"listening"'));
});
afterAll(() => cleanup.run());

interface Result {
  type: string;
  endpoint: string;
  data: Record<string, unknown>;
}

/** Runs the check on these endpoints, each with its table. Returns the result of each, by label. */
async function checked(
  endpoints: Record<string, string>,
  { exit, shared = `[tunnel.ssl]\nca_file = "${ca}"` }: { exit: number; shared?: string },
): Promise<{ results: Record<string, Result>; program: Program }> {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  const tables = Object.entries(endpoints).map(([name, text]) => `[[tunnel.endpoints]]\nname = "${name}"\n${text}\n`);
  writeFileSync(file, `[tunnel]\nlocal_port = 9\n${shared}\n${tables.join("")}`, { mode: 0o600 });
  const program = postern(onTestFinished, ["auth", "check", "--config", file, "--json"]);
  await program.ends(exit);
  const all = program.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Result);
  expect(all.map(({ endpoint }) => endpoint)).toEqual(Object.keys(endpoints));
  return { results: Object.fromEntries(all.map((each) => [each.endpoint, each])), program };
}

const at = (address: string, auth: string, subdomain?: string): string =>
  `server_url = "${address}"\n${subdomain === undefined ? "" : `subdomain = "${subdomain}"\n`}[tunnel.endpoints.auth]\n${auth}`;
const key = `api_key = "${TEST_KEY}"`;

test("accepted credentials are reported with their owner and server address", async () => {
  const { results } = await checked(
    {
      key: at(url, key, "my-app"),
      secure: at(secureUrl, key),
      token: at(url, `token = "${issuer.hashed({ sub: "carol" })}"`),
    },
    { exit: 0 },
  );
  expect(results["key"]).toMatchObject({ type: "authentication_success", data: { owner: "tests", name: "my-app" } });
  expect(new URL(results["key"]?.data["public_url"] as string).hostname).toBe("my-app.localhost");
  expect(results["secure"]?.data).toMatchObject({ owner: "tests", server: secureUrl });
  expect(results["secure"]?.data).not.toHaveProperty("name");
  expect(results["token"]?.data).toMatchObject({ owner: "carol", name: "carol" });
  expect(results["token"]?.data["expires_in_ms"]).toBeGreaterThan(5_000_000);
});

test("a refused endpoint is reported with the reason, and the others are still checked", async () => {
  const other = await ClientProcess.start(onTestFinished, {
    server: { url },
    target: 9,
    subdomain: "taken",
    key: "key-of-somebody-else-0123456789",
  });
  const past = { iat: 1_000, exp: 2_000 };
  const free = await claimPort();
  const { results, program } = await checked(
    {
      unreachable: at(`http://127.0.0.1:${free}`, key),
      "no-server": at(issuer.url, key),
      "wrong-key": at(url, 'api_key = "a-key-that-nobody-knows"'),
      "expired-token": at(url, `token = "${issuer.hashed(past)}"`),
      "name-of-another": at(url, key, "taken"),
      "reserved-name": at(url, key, "admin"),
      "name-not-listed": at(url, `token = "${issuer.hashed({ sub: "dora", postern_names: ["dora"] })}"`, "doras"),
      "no-file": at(url, 'api_key_file = "missing.key"'),
      fine: at(url, key, "fine"),
    },
    { exit: 3 },
  );
  const codes = Object.values(results).map(({ endpoint, data }) => [endpoint, data["code"]]);
  expect(Object.fromEntries(codes)).toEqual({
    unreachable: "PN_SERVER_UNREACHABLE",
    "no-server": "PN_SERVER_REFUSED",
    "wrong-key": "PN_AUTH_REFUSED",
    "expired-token": "PN_AUTH_EXPIRED",
    "name-of-another": "PN_NAME_TAKEN",
    "reserved-name": "PN_NAME_RESERVED",
    "name-not-listed": "PN_NAME_FORBIDDEN",
    "no-file": "PN_FILE_UNREADABLE",
    fine: undefined,
  });
  expect(results["unreachable"]?.type).toBe("connection_failure");
  expect(results["wrong-key"]?.type).toBe("authentication_failure");
  // The text output contains the same, with the code.
  for (const [endpoint, code] of codes) expect(program.stderr).toContain(code ?? endpoint);
  expect(program.output).not.toContain("a-key-that-nobody-knows");
  expect(other.count("tunnel_closed")).toBe(0);
});

test("an untrusted certificate and an unreachable server are different errors", async () => {
  const { results } = await checked({ untrusted: at(secureUrl, key) }, { exit: 3, shared: "" });
  expect(results["untrusted"]).toMatchObject({ type: "connection_failure", data: { code: "PN_SERVER_UNTRUSTED" } });
});

test("the check opens no tunnel and leaves no session", async () => {
  const opened = (): number => server.stderr.split('"tunnel opened"').length;
  const before = opened();
  await checked({ one: at(url, key, "opens-nothing"), two: at(url, key) }, { exit: 0 });
  expect(opened()).toBe(before);
  const count = (text: RegExp): number => [...server.stderr.matchAll(text)].length;
  await server.waitFor(
    "all sessions to end",
    () => count(/"client connected"/g) === count(/"client (disconnected|session ended)"/g),
  );
});

test("command-line options replace the endpoints of the file", async () => {
  const args = ["auth", "check", "--server", url, "--subdomain", "typed"];
  const good = postern(onTestFinished, args, { env: { POSTERN_API_KEY: TEST_KEY } });
  await good.ends(0);
  expect(good.stdout).toMatch(/✓ typed\n.*logged in as tests; the public URL would be https?:\/\/typed\.localhost/);
  const bad = postern(onTestFinished, args, { env: { POSTERN_API_KEY: "another-key-0123456789" } });
  await bad.ends(3);
  expect(bad.stdout).toMatch(/✗ typed\n.*PN_AUTH_REFUSED/);
  const nothing = postern(onTestFinished, ["auth", "check"], { cwd: scratchFolder(onTestFinished) });
  await nothing.ends(2);
  expect(nothing.stderr).toContain("PN_SERVER_MISSING");
});
