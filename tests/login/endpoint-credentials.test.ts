import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  postern,
  scratchFolder,
  TOKEN_SECRET,
  TokenIssuer,
  type Program,
} from "@postern/testkit";
import { documentedOptions } from "../config/documented-options.ts";
import { Gate } from "../gate.ts";
import { install, TlsServer } from "../tls/tls-server.ts";
import { prepareOnce } from "../prepare-once.ts";

const KEYS = {
  direct: "key-of-direct-0123456789",
  filed: "key-of-filed-0123456789",
  shared: "key-of-shared-0123456789",
};
const OTHERS_KEY = "key-of-nobody-0123456789";
const OTHERS_SECRET = "another-secret-of-at-least-32-bytes";
const GATE = "canary-of-the-gate";
const PASSPHRASE = "open sesame";

const cleanup = new Cleanup();
let ca: CertificateAuthority;
let strangers: CertificateAuthority;
let issuer: TokenIssuer;
let tlsServer: TlsServer;
let gate: Gate;
prepareOnce(cleanup, setUp, "openssl");

async function setUp(): Promise<void> {
  ca = new CertificateAuthority(cleanup.defer);
  strangers = new CertificateAuthority(cleanup.defer, "strangers");
  issuer = Object.assign(await TokenIssuer.start(cleanup.defer), { lifetime: 600, user: "refreshed" });
  const keys = Object.entries(KEYS).map(([owner, key]) => `"${owner} ${key}"`);
  tlsServer = await TlsServer.start(cleanup.defer, {
    certificate: ca.issue({ names: ["tunnel.test", "*.tunnel.test"] }),
    auth: `api_keys = [${keys.join(", ")}]
[tunnel.server.auth.jwt]\nenabled = true\nsecret = "${TOKEN_SECRET}"
[tunnel.server.auth.certificate]\nca_file = "${ca.certificate}"`,
    // Behind the gate clients connect without TLS.
    ssl: "[tunnel.server.ssl.redirect]\nenabled = false",
  });
  gate = await Gate.start(cleanup.defer, tlsServer.plain, "x-gate", GATE);
}

/** An endpoint's `auth` with a valid or a foreign credential, and the owner of the tunnel that it opens. */
interface Endpoint {
  auth: (good: boolean, folder: string) => string;
  owner: string;
  /** The granted name. Default: the owner's name; undefined for keys, which have no users. */
  subdomain?: string;
  /** The error code for a foreign credential. Default PN_AUTH_REFUSED. */
  code?: string;
  throughGate?: boolean;
}

const token = (good: boolean, sub: string): string => issuer.hashed({ sub }, good ? TOKEN_SECRET : OTHERS_SECRET);
const filed = (folder: string, name: string, text: string): string => {
  writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
  return name;
};
const shown = (folder: string, good: boolean, name: string, passphrase?: string): string => {
  install(folder, name, (good ? ca : strangers).issue({ names: [name], ...(passphrase && { passphrase }) }));
  return `cert_file = "${name}.pem"\nkey_file = "${name}.key"`;
};

const ENDPOINTS: Record<string, Endpoint> = {
  "api-key": { owner: "direct", auth: (good) => `api_key = "${good ? KEYS.direct : OTHERS_KEY}"` },
  "api-key-file": {
    owner: "filed",
    auth: (good, folder) => `api_key_file = "${filed(folder, "own.key", good ? KEYS.filed : OTHERS_KEY)}"`,
  },
  token: { owner: "tokens", auth: (good) => `token = "${token(good, "tokens")}"` },
  "token-file": {
    owner: "token-files",
    auth: (good, folder) => `token_file = "${filed(folder, "own.token", token(good, "token-files"))}"`,
  },
  certificate: {
    owner: "certified",
    auth: (good, folder) => shown(folder, good, "certified"),
    code: "PN_CERTIFICATE_UNTRUSTED",
  },
  "certificate-passphrase": {
    owner: "locked",
    auth: (good, folder) => `${shown(folder, good, "locked", PASSPHRASE)}\nkey_passphrase = "${PASSPHRASE}"`,
    code: "PN_CERTIFICATE_UNTRUSTED",
  },
  "token-refresh": {
    owner: "refreshed",
    auth: (good) =>
      `token_refresh = { refresh_url = "${issuer.url}/token", refresh_token = "${good ? issuer.refreshToken : "canary-wrong"}", client_id = "me", client_secret = "canary-client", interval = "1m" }`,
    code: "PN_REFRESH_REFUSED",
  },
  headers: {
    owner: "direct",
    auth: (good) => `api_key = "${KEYS.direct}"\nheaders = { X-Gate = "${good ? GATE : "canary-wrong"}" }`,
    code: "PN_SERVER_REFUSED",
    throughGate: true,
  },
  user: {
    owner: "filed",
    auth: (good) => `api_key = "${good ? KEYS.filed : OTHERS_KEY}"\nuser = "zoe"`,
    subdomain: "zoe",
  },
  "method-token": {
    owner: "chosen",
    auth: (good) => `method = "token"\napi_key = "${KEYS.direct}"\ntoken = "${token(good, "chosen")}"`,
  },
  "method-api-key": {
    owner: "filed",
    auth: (good) =>
      `method = "api_key"\napi_key = "${good ? KEYS.filed : OTHERS_KEY}"\ntoken = "${token(true, "unused")}"`,
  },
  "method-certificate": {
    owner: "insisting",
    auth: (good, folder) => `method = "certificate"\n${shown(folder, good, "insisting")}\napi_key = "${KEYS.direct}"`,
    code: "PN_CERTIFICATE_UNTRUSTED",
  },
};

test("every documented option is in the table", () => {
  const documented = documentedOptions().filter(({ section }) => section.startsWith("tunnel.endpoints.auth"));
  expect(documented.length).toBeGreaterThan(10);
  const texts = Object.values(ENDPOINTS).map(({ auth }) => auth(true, scratchFolder(onTestFinished)));
  const missing = documented.filter(({ name }) => !texts.some((text) => new RegExp(`\\b${name} = `).test(text)));
  expect(missing.map(({ section, name }) => `${section}.${name}`)).toEqual([
    // It has no credential of its own and disables the shared one below.
    "tunnel.endpoints.auth.token_refresh.enabled",
  ]);
});

/** Starts one `postern start` with all of them and an endpoint without `auth`. */
function start(good: boolean, shared: string): Program {
  const folder = scratchFolder(onTestFinished);
  const tables = Object.entries(ENDPOINTS).map(([name, { auth, throughGate = false }]) => {
    const url = throughGate ? gate.url : tlsServer.url;
    return `[[tunnel.endpoints]]\nname = "${name}"\nserver_url = "${url}"\nlocal = 9\n[tunnel.endpoints.auth]\n${auth(good, folder)}\n`;
  });
  const file = join(folder, "postern.toml");
  writeFileSync(
    file,
    `[tunnel.ssl]\nca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"
[tunnel.reconnection]\nenabled = ${good}
[tunnel.auth]\n${shared}
${tables.join("")}[[tunnel.endpoints]]\nname = "shared"\nserver_url = "${tlsServer.url}"\nlocal = 9\n`,
    { mode: 0o600 },
  );
  return postern(onTestFinished, ["start", "--config", file, "--json"], { env: { XDG_STATE_HOME: folder } });
}

interface ClientEvent {
  type: string;
  endpoint: string;
  data: { public_url?: string; code?: string };
}

const eventsOf = ({ stdout }: Program): ClientEvent[] =>
  stdout
    .slice(0, stdout.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ClientEvent);

/** The owner of a tunnel in the server's log. */
function ownerOf(url: string | undefined): string | undefined {
  const line = tlsServer.server.stderr.split("\n").findLast((each) => each.includes(`"public_url":"${url}"`));
  return line === undefined ? undefined : (JSON.parse(line) as { owner: string }).owner;
}

test("each endpoint of one start uses its own credential, and one without a credential uses the shared one", async () => {
  const program = start(true, `api_key = "${KEYS.shared}"`);
  const names = [...Object.keys(ENDPOINTS), "shared"];
  const opened = (): Map<string, string> =>
    new Map(
      eventsOf(program)
        .filter(({ type }) => type === "tunnel_established")
        .map(({ endpoint, data }) => [endpoint, String(data.public_url)]),
    );
  await program.waitFor("all tunnels", () => names.every((name) => opened().has(name)));
  const owners = names.map((name) => [name, ownerOf(opened().get(name))]);
  expect(owners).toEqual([
    ...Object.entries(ENDPOINTS).map(([name, { owner }]) => [name, owner]),
    ["shared", "shared"],
  ]);
  for (const [name, { subdomain }] of Object.entries(ENDPOINTS))
    if (subdomain !== undefined) expect(opened().get(name)).toContain(`//${subdomain}.tunnel.test`);
  const login = Buffer.from("me:canary-client").toString("base64");
  expect(issuer.origin.last.headers.authorization).toBe(`Basic ${login}`);
});

test("each endpoint with a foreign credential is refused alone, without a fallback to other credentials", async () => {
  const program = start(false, `api_key = "${KEYS.shared}"`);
  const names = Object.keys(ENDPOINTS);
  const failures = (): Map<string, unknown> =>
    new Map(
      eventsOf(program)
        .filter(({ type }) => type.endsWith("_failure"))
        .map(({ endpoint, data }) => [endpoint, data.code]),
    );
  await program.waitFor("all refusals", () => names.every((name) => failures().has(name)));
  expect(Object.fromEntries(failures())).toEqual(
    Object.fromEntries(Object.entries(ENDPOINTS).map(([name, { code = "PN_AUTH_REFUSED" }]) => [name, code])),
  );
  const established = (): ClientEvent[] => eventsOf(program).filter(({ type }) => type === "tunnel_established");
  await program.waitFor("the tunnel of the endpoint with the shared credential", () => established().length > 0);
  expect(established().map(({ endpoint }) => endpoint)).toEqual(["shared"]);
  expect(gate.refused).toBeGreaterThan(0);
  expect(program.output).not.toContain("canary");
});

test.for([
  [
    "a passphrase for the shared certificate",
    (folder: string) => shown(folder, true, "locked", PASSPHRASE),
    `key_passphrase = "${PASSPHRASE}"`,
    "locked",
  ],
  ["a user for the shared key", () => `api_key = "${KEYS.shared}"\nuser = "of-all"`, 'user = "its-own"', "shared"],
  [
    "a method for the shared credentials",
    () => `method = "api_key"\napi_key = "${KEYS.shared}"\ntoken = "${token(true, "tokens")}"`,
    'method = "token"',
    "tokens",
  ],
] as const)("an endpoint may set a single option and inherit the others: %s", async ([, shared, own, owner]) => {
  const folder = scratchFolder(onTestFinished);
  const file = join(folder, "postern.toml");
  writeFileSync(
    file,
    `[tunnel.ssl]\nca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"
[tunnel.auth]\n${shared(folder)}
[[tunnel.endpoints]]\nserver_url = "${tlsServer.url}"\nlocal = 9\n[tunnel.endpoints.auth]\n${own}\n`,
    { mode: 0o600 },
  );
  const program = postern(onTestFinished, ["start", "--config", file, "--json"]);
  await program.waitFor("its tunnel", () => eventsOf(program).some(({ type }) => type === "tunnel_established"));
  const url = eventsOf(program).find(({ type }) => type === "tunnel_established")?.data.public_url;
  expect(ownerOf(url)).toBe(owner);
  if (own.startsWith("user")) expect(url).toContain("//its-own.");
});

test.for([
  ["an endpoint", "", "enabled = false"],
  ["all", "enabled = false", ""],
] as const)("with refreshing disabled for %s no token is requested, and there is none", async ([, shared, own]) => {
  const asked = issuer.used.length;
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(
    file,
    `[tunnel.auth.token_refresh]\nrefresh_url = "${issuer.url}/token"\nrefresh_token = "${issuer.refreshToken}"\n${shared}
[[tunnel.endpoints]]\nserver_url = "${tlsServer.url}"\nlocal = 9\n[tunnel.endpoints.auth.token_refresh]\n${own}\n`,
    { mode: 0o600 },
  );
  const program = postern(onTestFinished, ["start", "--config", file, "--json"]);
  await program.ends(2);
  expect(program.stderr).toContain("PN_KEY_MISSING");
  expect(issuer.used).toHaveLength(asked);
});
