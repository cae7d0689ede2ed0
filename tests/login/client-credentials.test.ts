import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  postern,
  scratchFolder,
  TEST_KEY,
  TOKEN_SECRET,
  TokenIssuer,
  writeKeys,
  type Program,
} from "@postern/testkit";
import {
  channelText,
  documentedOptions,
  given,
  type GivenSettings,
  type Settings,
} from "../config/documented-options.ts";
import { Gate } from "../gate.ts";
import { isOpen, TlsServer } from "../tls/tls-server.ts";
import { prepareOnce } from "../prepare-once.ts";

const OTHERS_KEY = "key-of-a-stranger-987654321";
const OTHERS_SECRET = "another-secret-of-at-least-32-bytes";
const PASSPHRASE = "open sesame";
const GATE = "canary-of-the-gate";

const cleanup = new Cleanup();
let ca: CertificateAuthority;
let strangers: CertificateAuthority;
let issuer: TokenIssuer;
/** An issuer whose tokens no server accepts, and which knows no client's refresh token. */
let otherIssuer: TokenIssuer;
/** Accepts keys, tokens and certificates. */
let tlsServer: TlsServer;
let gate: Gate;
prepareOnce(cleanup, setUp, "openssl");

async function setUp(): Promise<void> {
  ca = new CertificateAuthority(cleanup.defer);
  strangers = new CertificateAuthority(cleanup.defer, "strangers");
  issuer = Object.assign(await TokenIssuer.start(cleanup.defer), { lifetime: 600, client: "me:canary-of-me" });
  otherIssuer = Object.assign(await TokenIssuer.start(cleanup.defer), { refreshToken: "another" });
  tlsServer = await TlsServer.start(cleanup.defer, {
    certificate: ca.issue({ names: ["tunnel.test", "*.tunnel.test"] }),
    auth: `api_keys = ["me ${TEST_KEY}"]
[tunnel.server.auth.jwt]\nenabled = true\nsecret = "${TOKEN_SECRET}"
[tunnel.server.auth.certificate]\nca_file = "${ca.certificate}"`,
    ssl: "[tunnel.server.ssl.redirect]\nenabled = false",
  });
  gate = await Gate.start(cleanup.defer, tlsServer.plain, "x-gate", GATE);
}

/**
 * A client's settings, with the owner's credential if `good` and a stranger's otherwise, and the error for the
 * stranger.
 */
interface CredentialCase {
  settings: (good: boolean) => Settings;
  /** The end of the stranger's client. Default: the server refuses it, exit code 3. */
  refusal?: { code: string; exit: number };
  /** The server's URL. Default: the one with TLS. */
  url?: () => string;
}

const AUTH = "tunnel.auth";
const REFRESH = `${AUTH}.token_refresh`;
const SSL = "tunnel.ssl";

const key = (good: boolean): string => (good ? TEST_KEY : OTHERS_KEY);
const token = (good: boolean): string => issuer.hashed({}, good ? TOKEN_SECRET : OTHERS_SECRET);
const folder = (): string => scratchFolder(onTestFinished);
const tokenFile = (good: boolean): string => {
  const file = join(folder(), "own.token");
  writeFileSync(file, `${token(good)}\n`, { mode: 0o600 });
  return file;
};
const certificate = (good: boolean, passphrase?: string): { certificate: string; key: string } =>
  (good ? ca : strangers).issue({ names: ["alice"], ...(passphrase && { passphrase }) });

const byCertificate: CredentialCase = {
  settings: (good) => {
    const own = certificate(good);
    return { [AUTH]: { method: "certificate", cert_file: own.certificate, key_file: own.key } };
  },
  refusal: { code: "PN_CERTIFICATE_UNTRUSTED", exit: 3 },
};
const bySslCertificate: CredentialCase = {
  settings: (good) => {
    const own = certificate(good);
    return { [AUTH]: { method: "certificate" }, [SSL]: { client_cert: own.certificate, client_key: own.key } };
  },
  refusal: { code: "PN_CERTIFICATE_UNTRUSTED", exit: 3 },
};
const refresh = (more: (good: boolean) => Settings[string]): CredentialCase => ({
  settings: (good) => ({
    [REFRESH]: {
      refresh_url: `${issuer.url}/token`,
      refresh_token: issuer.refreshToken,
      client_id: "me",
      client_secret: "canary-of-me",
      ...more(good),
    },
  }),
  refusal: { code: "PN_REFRESH_REFUSED", exit: 3 },
});

/** By option. The table contains every option that identifies a client. */
const CASES: Record<string, CredentialCase> = {
  [`${AUTH}.api_key`]: { settings: (good) => ({ [AUTH]: { api_key: key(good) } }) },
  [`${AUTH}.api_key_file`]: {
    settings: (good) => ({ [AUTH]: { api_key_file: writeKeys(join(folder(), "own.key"), { me: key(good) }) } }),
  },
  [`${AUTH}.token`]: { settings: (good) => ({ [AUTH]: { token: token(good) } }) },
  [`${AUTH}.token_file`]: { settings: (good) => ({ [AUTH]: { token_file: tokenFile(good) } }) },
  [`${AUTH}.method`]: { settings: (good) => ({ [AUTH]: { method: "token", api_key: TEST_KEY, token: token(good) } }) },
  [`${AUTH}.cert_file`]: byCertificate,
  [`${AUTH}.key_file`]: byCertificate,
  [`${AUTH}.key_passphrase`]: {
    settings: (good) => {
      const own = certificate(true, PASSPHRASE);
      const key_passphrase = good ? PASSPHRASE : "another";
      return { [AUTH]: { cert_file: own.certificate, key_file: own.key, key_passphrase } };
    },
    // The client cannot decrypt its own key.
    refusal: { code: "PN_TLS_KEY", exit: 2 },
  },
  [`${AUTH}.headers`]: {
    settings: (good) => ({ [AUTH]: { api_key: TEST_KEY, headers: { "X-Gate": good ? GATE : "another" } } }),
    refusal: { code: "PN_SERVER_REFUSED", exit: 4 },
    url: () => gate.url,
  },
  [`${REFRESH}.refresh_url`]: refresh((good) => ({ refresh_url: `${(good ? issuer : otherIssuer).url}/token` })),
  [`${REFRESH}.refresh_token`]: refresh((good) => ({ refresh_token: good ? issuer.refreshToken : "another" })),
  [`${REFRESH}.client_id`]: refresh((good) => ({ client_id: good ? "me" : "you" })),
  [`${REFRESH}.client_secret`]: refresh((good) => ({ client_secret: good ? "canary-of-me" : "another" })),
  [`${SSL}.client_cert`]: bySslCertificate,
  [`${SSL}.client_key`]: bySslCertificate,
};

/** Options about names, times and trust, which do not identify the client. */
const NO_CREDENTIALS = [`${AUTH}.user`, `${REFRESH}.enabled`, `${REFRESH}.interval`];

const nameOf = ({ section, name }: { section: string; name: string }): string => `${section}.${name}`;
const documented = documentedOptions().filter(
  ({ section, name }) => section.startsWith(AUTH) || (section === SSL && name.startsWith("client_")),
);

test("every documented option is in the table", () => {
  expect(documented.length).toBeGreaterThan(10);
  expect(documented.map(nameOf).toSorted()).toEqual([...Object.keys(CASES), ...NO_CREDENTIALS].toSorted());
});

test("every secret option of a client or a server is known to this test", () => {
  const tested = /^tunnel\.(auth|endpoints\.auth|server\.auth)(\.|$)/;
  const others = documentedOptions().filter(({ section, isSecret }) => isSecret && !tested.test(section));
  // Logins at proxies, webhooks and metrics have their own tests; canaries.test.ts uses the passphrase of the server's
  // key. The tests of tests/access and access-page.test.ts use the secrets of routes and of policies.
  expect(others.map(nameOf)).toEqual([
    "tunnel.proxy",
    "tunnel.endpoints.proxy",
    "tunnel.endpoints.access.jwt.secret",
    "tunnel.endpoints.access.webhook.secret",
    "tunnel.monitoring.status_webhook",
    "tunnel.monitoring.webhook_secret",
    "tunnel.local_api.metrics_token",
    "tunnel.server.ssl.key_passphrase",
    "tunnel.server.ssl.certificates.key_passphrase",
    "tunnel.server.monitoring.metrics_token",
    "tunnel.server.policies.always.jwt.secret",
    "tunnel.server.policies.always.webhook.secret",
    "server.ssl.key_passphrase",
    "proxy.middleware.auth.bearer_token",
    "proxy.middleware.auth.basic_auth",
    "proxy.middleware.auth.custom_auth_header",
    "proxy.middleware.auth.api_key.key_value",
    "proxy.access.jwt.secret",
    "proxy.access.webhook.secret",
  ]);
});

/** Starts `postern http` for one attempt with these settings alone. */
function launch({ toml, env, args }: GivenSettings, url: string): Program {
  const place = folder();
  const file = join(place, "postern.toml");
  const trust = `ca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"\n`;
  const whole = toml.includes(`[${SSL}]\n`)
    ? toml.replace(`[${SSL}]\n`, `[${SSL}]\n${trust}`)
    : `${toml}[${SSL}]\n${trust}`;
  writeFileSync(file, whole, { mode: 0o600 });
  const command = ["http", "9", "--server", url, "--config", file, "--json", "--no-reconnect"];
  return postern(onTestFinished, [...command, ...args], { env: { XDG_STATE_HOME: place, ...env } });
}

describe("every client credential admits its owner and refuses a stranger", () => {
  const cases = documented
    .filter((option) => !NO_CREDENTIALS.includes(nameOf(option)))
    .flatMap((option) =>
      option.channels.map((channel) => [nameOf(option), channelText(channel), option, channel] as const),
    );

  test.for(cases)("%s, %s", async ([name, , option, channel]) => {
    const { settings, refusal = { code: "PN_AUTH_REFUSED", exit: 3 }, url } = CASES[name] as CredentialCase;
    const [inside, outside] = [true, false].map((good): Program =>
      launch(given(settings(good), option.section, option.name, channel), url?.() ?? tlsServer.url),
    ) as [Program, Program];
    await inside.waitFor("its tunnel", () => isOpen(inside));
    await outside.ends(refusal.exit);
    expect(outside.stderr).toContain(refusal.code);
    expect(isOpen(outside)).toBe(false);
    for (const secret of ["canary", TEST_KEY, OTHERS_KEY, PASSPHRASE, ...issuer.secrets])
      expect(inside.output + outside.output).not.toContain(secret);
  });
});

describe("the credential with precedence is used", () => {
  const filed = (text: string): string => {
    const file = join(folder(), "filed");
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  test.for([
    ["--api-key-file before POSTERN_API_KEY", "--api-key-file", (): string => TEST_KEY],
    ["--token-file before POSTERN_API_KEY", "--token-file", (): string => token(true)],
  ] as const)("%s", async ([, flag, text]) => {
    const client = launch(
      { toml: "", env: { POSTERN_API_KEY: OTHERS_KEY }, args: [flag, filed(text())] },
      tlsServer.url,
    );
    await client.waitFor("its tunnel", () => isOpen(client));
  });
});
