import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  FakeClock,
  needs,
  postern,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  TEST_KEY,
} from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

interface FindingEvent {
  endpoint: string;
  data: { check: string; outcome: string; code?: string; fix?: string };
}

interface Diagnosis {
  /** The code of each check that is not ok, or its outcome if there is no code, by endpoint and check. */
  problems: Record<string, string>;
  events: FindingEvent[];
  text: string;
}

async function diagnose(args: string[], exit: number, env: Record<string, string> = {}): Promise<Diagnosis> {
  const program = postern(onTestFinished, ["doctor", ...args, "--json"], {
    env: { POSTERN_API_KEY: TEST_KEY, ...env },
    cwd: scratchFolder(onTestFinished),
  });
  await program.ends(exit);
  const events = program.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as FindingEvent);
  const bad = events.filter(({ data }) => data.outcome !== "ok");
  const problems = bad.map(({ endpoint, data }) => [`${endpoint}: ${data.check}`, data.code ?? data.outcome]);
  return { events, problems: Object.fromEntries(problems) as Record<string, string>, text: program.stderr };
}

function configured(text: string): string[] {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, text, { mode: 0o600 });
  return ["--config", file];
}

test("without problems, all checks are listed as ok", async () => {
  const echo = await startEchoOrigin(onTestFinished);
  const { events, problems, text } = await diagnose(
    [String(echo.port), "--server", server.url, "--subdomain", "well"],
    0,
  );
  expect(problems).toEqual({});
  const checks = events.map(({ endpoint, data }) => `${endpoint}: ${data.check}`);
  expect(checks).toEqual([
    "this machine: node",
    "this machine: configuration",
    "well: server",
    "well: clock",
    "well: login",
    "well: local",
  ]);
  expect(text).toContain("No problems found.");
});

test("the problem of each endpoint is reported with a fix", async () => {
  const [free, echo] = [await claimPort(), await startEchoOrigin(onTestFinished)];
  const endpoint = (name: string, address: string, more: string): string =>
    `[[tunnel.endpoints]]\nname = "${name}"\nserver_url = "${address}"\n${more}\n`;
  const { problems, events } = await diagnose(
    configured(
      [
        endpoint("no-name", "https://nowhere.invalid", `local = ${echo.port}`),
        endpoint("no-server", `http://127.0.0.1:${free}`, `local = ${echo.port}`),
        endpoint("no-service", server.url, `local = ${free}`),
        endpoint("no-key", server.url, `local = ${echo.port}\n[tunnel.endpoints.auth]\napi_key = "not-the-right-key"`),
        endpoint("no-file", server.url, `local = ${echo.port}\n[tunnel.endpoints.auth]\napi_key_file = "no.key"`),
        endpoint("fine", server.url, `local = ${echo.port}`),
      ].join(""),
    ),
    1,
  );
  expect(problems).toEqual({
    "no-name: name": "PN_SERVER_UNREACHABLE",
    "no-server: server": "PN_SERVER_UNREACHABLE",
    "no-service: local": "PN_DIAL_REFUSED",
    "no-key: login": "PN_AUTH_REFUSED",
    "no-file: credential": "PN_FILE_UNREADABLE",
  });
  const local = events.find(({ endpoint: each, data }) => each === "no-service" && data.check === "local");
  expect(local?.data.fix).toContain("Start the service");
});

test("a certificate that expires soon and a wrong clock are warnings", async (context) => {
  needs(context, "faketime", "openssl");
  const ca = new CertificateAuthority(onTestFinished, "servers");
  const { certificate, key } = ca.issue({ names: ["localhost", "*.localhost"] });
  const securePort = await claimPort();
  const text = `[tunnel.server]
public_https_port = ${securePort}
[tunnel.server.ssl]
enabled = true
cert_file = "${certificate}"
key_file = "${key}"
[tunnel.server.ssl.redirect]
enabled = false
`;
  await ServerProcess.start(onTestFinished, { args: configured(text) });
  const secure = [
    ...configured(`[tunnel.ssl]\nca_file = "${ca.certificate}"`),
    "--server",
    `https://localhost:${securePort}`,
  ];
  expect((await diagnose(secure, 0)).problems).toEqual({ "default: certificate": "warning" });
  const clock = new FakeClock(onTestFinished);
  clock.set("-3h");
  expect((await diagnose(["--server", server.url], 0, clock.env)).problems).toEqual({ "default: clock": "warning" });
  clock.set("+30d");
  expect((await diagnose(secure, 1, clock.env)).problems).toEqual({ "default: server": "PN_SERVER_UNTRUSTED" });
});

test("a configured server's names and certificates are checked", async (context) => {
  needs(context, "openssl");
  const ca = new CertificateAuthority(onTestFinished, "servers");
  const { certificate, key } = ca.issue({ names: ["tunnel.invalid"] });
  const text = `[tunnel.server]
enabled = true
base_domain = "tunnel.invalid"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[tunnel.server.ssl]
enabled = true
cert_file = "${certificate}"
key_file = "${key}"
`;
  const { problems, text: output } = await diagnose(configured(text), 1);
  expect(problems).toEqual({
    "server: configuration": "warning",
    "server: certificate": "failed",
    "server: name": "PN_SERVER_UNREACHABLE",
    "server: wildcard": "PN_SERVER_UNREACHABLE",
  });
  expect(output).toContain("no certificate is valid for *.tunnel.invalid");
});

test("a server with several owners is warned of cookies between their tunnels", async () => {
  const text = (keys: string): string => `[tunnel.server]
enabled = true
[tunnel.server.auth]
api_keys = [${keys}]
`;
  const several = await diagnose(configured(text(`"ann ${TEST_KEY}", "ben another-${TEST_KEY}"`)), 0);
  expect(several.problems).toEqual({ "server: configuration": "warning" });
  expect(several.text).toMatch(/several owners .* Public Suffix List/);
  const single = await diagnose(configured(text(`"ann ${TEST_KEY}", "ann another-${TEST_KEY}"`)), 0);
  expect(single.problems).toEqual({});
});

test("without an endpoint and a server, the command is a usage error", async () => {
  const { text } = await diagnose([], 2);
  expect(text).toContain("PN_SERVER_MISSING");
});
