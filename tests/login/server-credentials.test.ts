import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  postern,
  scratchFolder,
  TOKEN_SECRET,
  TokenIssuer,
  writeKeys,
  type CertificateFiles,
  type Program,
} from "@postern/testkit";
import { channelText, documentedOptions, given, type Settings } from "../config/documented-options.ts";
import { install, isOpen, TlsServer } from "../tls/tls-server.ts";
import { prepareOnce } from "../prepare-once.ts";

const cleanup = new Cleanup();
let ca: CertificateAuthority;
let strangers: CertificateAuthority;
let certificate: CertificateFiles;
let issuer: TokenIssuer;
prepareOnce(cleanup, setUp, "openssl");

async function setUp(): Promise<void> {
  ca = new CertificateAuthority(cleanup.defer);
  strangers = new CertificateAuthority(cleanup.defer, "strangers");
  certificate = ca.issue({ names: ["tunnel.test", "*.tunnel.test"] });
  issuer = Object.assign(await TokenIssuer.start(cleanup.defer), { lifetime: 600, client: "server:canary-of-server" });
  issuer.opaque.set("opaque-of-alice", { active: true, sub: "alice" });
}

const KEY = "key-of-the-owner-0123456789";
const OTHERS_KEY = "key-of-a-stranger-987654321";

/** A login's credential. */
type Credential = { key: string } | { token: string } | { certificate: CertificateFiles };

/** A server's settings, a credential that it accepts, and one that it refuses. */
interface CredentialCase {
  settings: Settings;
  owner: Credential;
  stranger: Credential;
  /** The stranger's error code. Default PN_AUTH_REFUSED. */
  code?: string;
}

const AUTH = "tunnel.server.auth";
const JWT = `${AUTH}.jwt`;
const CERTIFICATE = `${AUTH}.certificate`;

const keys = (settings: Record<string, string | string[]>): CredentialCase => ({
  settings: { [AUTH]: settings },
  owner: { key: KEY },
  stranger: { key: OTHERS_KEY },
});
const tokens = (settings: Settings[string], owner: string, stranger: string): CredentialCase => ({
  settings: { [JWT]: { enabled: true, ...settings } },
  owner: { token: owner },
  stranger: { token: stranger },
});
const byClaim = (settings: Settings[string], good: object, bad: object): CredentialCase =>
  tokens({ secret: TOKEN_SECRET, ...settings }, issuer.hashed(good), issuer.hashed(bad));
const bySecret = (): CredentialCase =>
  tokens({ secret: TOKEN_SECRET }, issuer.hashed(), issuer.hashed({}, "another-secret-of-at-least-32-bytes"));
const introspected = (): CredentialCase =>
  tokens(
    { introspection_url: `${issuer.url}/introspect`, client_id: "server", client_secret: "canary-of-server" },
    "opaque-of-alice",
    "opaque-of-nobody",
  );
const shown = (settings: Settings[string], stranger: CertificateFiles, code: string): CredentialCase => ({
  settings: { [CERTIFICATE]: { ca_file: ca.certificate, ...settings } },
  owner: { certificate: ca.issue({ names: ["alice"] }) },
  stranger: { certificate: stranger },
  code,
});

/** By option: every one that decides which clients may log in. */
const CASES: Record<string, () => CredentialCase> = {
  [`${AUTH}.api_keys`]: () => keys({ api_keys: ["you key-of-another-0123456789", `me ${KEY}`] }),
  [`${AUTH}.api_keys_file`]: () => keys({ api_keys_file: writeKeys(place("keys"), { me: KEY }) }),
  [`${JWT}.enabled`]: bySecret,
  [`${JWT}.secret`]: bySecret,
  [`${JWT}.public_key_file`]: () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const file = place("key.pem");
    writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }), { mode: 0o600 });
    const signed = issuer.made("ES256", (text) =>
      sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url"),
    );
    return tokens({ public_key_file: file }, signed, issuer.signed());
  },
  [`${JWT}.jwks_url`]: () =>
    tokens({ jwks_url: `${issuer.url}/jwks`, audience: "postern" }, issuer.signed(), issuer.hashed()),
  [`${JWT}.introspection_url`]: introspected,
  [`${JWT}.client_id`]: introspected,
  [`${JWT}.client_secret`]: introspected,
  [`${JWT}.issuer`]: () => byClaim({ issuer: "me" }, { iss: "me" }, { iss: "you" }),
  [`${JWT}.audience`]: () => byClaim({ audience: "postern" }, {}, { aud: "other" }),
  [`${JWT}.user_claim`]: () => byClaim({ user_claim: "email" }, { email: "a@b.example" }, {}),
  [`${JWT}.expiration_hours`]: () => byClaim({ expiration_hours: 1 }, {}, { exp: Date.now() / 1_000 + 7_200 }),
  [`${CERTIFICATE}.ca_file`]: () => shown({}, strangers.issue({ names: ["alice"] }), "PN_CERTIFICATE_UNTRUSTED"),
  [`${CERTIFICATE}.crl_file`]: () => {
    const revoked = ca.issue({ names: ["mallory"] });
    return shown({ crl_file: ca.revoke(revoked) }, revoked, "PN_CERTIFICATE_REVOKED");
  },
};

/** Options about names, times and addresses, which admit no client. */
const NO_CREDENTIALS = [`${JWT}.introspection_interval`, `${JWT}.allow_private`, `${JWT}.names_claim`];

const documented = documentedOptions().filter(({ section }) => section.startsWith(AUTH));
const nameOf = ({ section, name }: { section: string; name: string }): string => `${section}.${name}`;

test("every documented option is in the table", () => {
  expect(documented.length).toBeGreaterThan(10);
  expect(documented.map(nameOf).toSorted()).toEqual([...Object.keys(CASES), ...NO_CREDENTIALS].toSorted());
});

const place = (name: string): string => join(scratchFolder(onTestFinished), name);

/** Starts `postern http` for one attempt with these settings alone. */
function launch({ url }: TlsServer, credential: Credential): Program {
  const folder = scratchFolder(onTestFinished);
  const file = join(folder, "postern.toml");
  if ("certificate" in credential) install(folder, "own", credential.certificate);
  const auth = "certificate" in credential ? 'cert_file = "own.pem"\nkey_file = "own.key"' : "";
  writeFileSync(
    file,
    `[tunnel.ssl]\nca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"\n[tunnel.auth]\n${auth}\n`,
    { mode: 0o600 },
  );
  const env: Record<string, string> =
    "key" in credential
      ? { POSTERN_API_KEY: credential.key }
      : "token" in credential
        ? { POSTERN_TOKEN: credential.token }
        : {};
  const args = ["http", "9", "--server", url, "--config", file, "--json", "--no-reconnect"];
  return postern(onTestFinished, args, { env });
}

describe("every server credential option refuses strangers", () => {
  const cases = documented
    .filter((option) => !NO_CREDENTIALS.includes(nameOf(option)))
    .flatMap((option) =>
      option.channels.map((channel) => [nameOf(option), channelText(channel), option, channel] as const),
    );

  test.for(cases)("%s, %s", async ([name, , option, channel]) => {
    const { settings, owner, stranger, code = "PN_AUTH_REFUSED" } = (CASES[name] as () => CredentialCase)();
    const { toml, env, args } = given(settings, option.section, option.name, channel);
    const tlsServer = await TlsServer.start(onTestFinished, { certificate, auth: toml, env, args });
    const [inside, outside] = [launch(tlsServer, owner), launch(tlsServer, stranger)];
    await inside.waitFor("its tunnel", () => isOpen(inside));
    await outside.ends(3);
    expect(outside.stdout).toContain('"authentication_failure"');
    expect(outside.stderr).toContain(code);
    expect(isOpen(outside)).toBe(false);
  });
});
