import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  ClientProcess,
  exchange,
  needs,
  Program,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  type CertificateFiles,
} from "@postern/testkit";
import { DocumentedPage, ROOT, shell } from "./documented-page.ts";

const DOMAIN = "tunnel.localhost";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/server.md", [
    ["keys", "sh", />> keys\.txt$/],
    ["https", "toml", /^public_https_port = 443$/m],
    ["https command", "sh", /^npx postern server --config server\.toml$/],
    ["proxied command", "sh", /--trusted-proxies/],
    ["nginx", "nginx", /proxy_pass/],
    ["groups", "toml", /^may_join = true/m],
    ["policies", "toml", /^\[tunnel\.server\.policies\.always\]$/m],
    ["unit", "ini", /^\[Service\]$/m],
    ["certificates", "sh", /^npx postern cert dev$/],
    ["local server", "toml", /^ca_file = /m],
    ["local client", "toml", /^method = "certificate"$/m],
  ]);
});

/** A folder with the page's keys and a certificate for the base domain and the names below it. */
async function preparedFolder(): Promise<{ folder: string; ca: string; files: CertificateFiles }> {
  const folder = scratchFolder(onTestFinished);
  const authority = new CertificateAuthority(onTestFinished);
  const files = authority.issue({ names: [DOMAIN, `*.${DOMAIN}`] });
  copyFileSync(files.certificate, join(folder, "server.pem"));
  copyFileSync(files.key, join(folder, "server.key"));
  await shell(onTestFinished, folder, page.example("keys")).ends(0);
  return { folder, ca: authority.certificate, files };
}

/** Opens a tunnel with the first key of the folder, at `https://tunnel.localhost:port`, and visits it. */
async function visitTunnel(folder: string, port: number, ca: string): Promise<IncomingMessage> {
  const origin = await startEchoOrigin(onTestFinished);
  const [, key = ""] = readFileSync(join(folder, "keys.txt"), "utf8").split(/\s+/);
  writeFileSync(join(folder, "my.key"), key, { mode: 0o600 });
  const client = `[tunnel.ssl]
ca_file = ${JSON.stringify(ca)}
[tunnel.auth]
api_key_file = "my.key"
[[tunnel.endpoints]]
server_url = "https://${DOMAIN}:${port}"
subdomain = "my-app"
local = ${origin.port}
`;
  writeFileSync(join(folder, "postern.toml"), client, { mode: 0o600 });
  const start = shell(onTestFinished, folder, "npx postern start");
  const address = new URL(`https://my-app.${DOMAIN}:${port}`);
  await start.waitFor("the tunnel", () => start.stdout.includes(address.origin));
  return visit(address, readFileSync(ca));
}

/** A visit by HTTPS. Names below localhost are this machine. */
async function visit({ hostname, port, host }: URL, ca: Buffer): Promise<IncomingMessage> {
  const options = { host: "127.0.0.1", port, servername: hostname, headers: { Host: host }, ca, agent: false };
  const [response] = (await once(request(options).end(), "response")) as [IncomingMessage];
  return response;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return body;
}

function isHealthy(port: number): () => Promise<boolean> {
  return async () => (await exchange(port, { host: DOMAIN, path: "/health" })).status === 200;
}

test("a server with HTTPS, and the redirect from HTTP", async (context) => {
  needs(context, "openssl");
  const { folder, ca } = await preparedFolder();
  const [plain, secure] = [await claimPort(), await claimPort()];
  const text = page.example("https", {
    "0.0.0.0:80": `127.0.0.1:${plain}`,
    "public_https_port = 443": `public_https_port = ${secure}`,
    "tunnel.example.com": DOMAIN,
  });
  writeFileSync(join(folder, "server.toml"), text, { mode: 0o600 });
  const server = shell(onTestFinished, folder, page.example("https command"));
  await server.waitFor("it to redirect", async () => (await exchange(plain, { host: DOMAIN })).status === 308);
  expect((await visitTunnel(folder, secure, ca)).statusCode).toBe(200);
  const doctor = shell(onTestFinished, folder, page.quoted("npx postern doctor --config server.toml"));
  await doctor.ends(0);
  expect(doctor.output).toContain(`*.${DOMAIN}`);
});

test("a server that keeps visitors with one of the clients that serve a name", async () => {
  const folder = scratchFolder(onTestFinished);
  const port = await claimPort();
  await shell(onTestFinished, folder, page.example("keys")).ends(0);
  const [, key = ""] = readFileSync(join(folder, "keys.txt"), "utf8").split(/\s+/);
  const main = `[tunnel.server]\nlisten = "127.0.0.1:${port}"\nauth.api_keys_file = "keys.txt"\n`;
  writeFileSync(join(folder, "server.toml"), main + page.example("groups"), { mode: 0o600 });
  const state = `export XDG_STATE_HOME=${folder}\n`;
  const server = shell(onTestFinished, folder, state + page.example("https command"));
  await server.waitFor(
    "health",
    async () => (await exchange(port, { host: "localhost", path: "/health" })).status === 200,
  );
  const { port: target } = await startEchoOrigin(onTestFinished);
  for (let n = 0; n < 2; n++) {
    const args = `http ${target} --server http://127.0.0.1:${port} --subdomain my-app --join`;
    const client = shell(onTestFinished, folder, `POSTERN_API_KEY=${key} npx postern ${args}`);
    await client.waitFor("the tunnel", () => client.stdout.includes("my-app.localhost"));
  }
  const { status, headers } = await exchange(port, { host: "my-app.localhost" });
  expect([status, String(headers["set-cookie"])]).toEqual([200, expect.stringMatching(/^postern_target=/)]);
});

test("a server behind nginx", async (context) => {
  needs(context, "openssl", "nginx");
  const { folder, ca, files } = await preparedFolder();
  const [plain, secure] = [await claimPort(), await claimPort()];
  const server = shell(
    onTestFinished,
    folder,
    page.example("proxied command", {
      "127.0.0.1:8080": `127.0.0.1:${plain}`,
      "https://tunnel.example.com": `https://${DOMAIN}:${secure}`,
      "--domain tunnel.example.com": `--domain ${DOMAIN}`,
    }),
  );
  await server.waitFor("health", isHealthy(plain));
  const site = page.example("nginx", {
    "listen 443": `listen 127.0.0.1:${secure}`,
    "/etc/ssl/tunnel.example.com.pem": files.certificate,
    "/etc/ssl/tunnel.example.com.key": files.key,
    "tunnel.example.com": DOMAIN,
    "127.0.0.1:8080": `127.0.0.1:${plain}`,
  });
  startNginx(folder, site);
  const response = await visitTunnel(folder, secure, ca);
  expect(response.statusCode).toBe(200);
  expect(await bodyOf(response)).toContain('"X-Forwarded-Proto","https"');
});

function startNginx(folder: string, site: string): void {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temporary = paths.map((use) => `${use}_temp_path ${folder}/${use};`).join("\n");
  const main = `daemon off;\nmaster_process off;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\n`;
  writeFileSync(join(folder, "nginx.conf"), `${main}http {\naccess_log off;\n${temporary}\n${site}\n}\n`);
  const args = ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  new Program(onTestFinished, "nginx", { args, cwd: folder });
}

test("policies for all tunnels", async () => {
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "blocked.txt"), "127.0.0.2\n", { mode: 0o600 });
  const file = join(folder, "server.toml");
  writeFileSync(file, page.example("policies"), { mode: 0o600 });
  const server = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
  const { port } = await startEchoOrigin(onTestFinished);
  await ClientProcess.start(onTestFinished, { server, target: port, subdomain: "my-app" });
  const ask = async (from: string): Promise<number> =>
    (await exchange(server.port, { host: "my-app.localhost", from })).status;
  expect([await ask("127.0.0.1"), await ask("127.0.0.2")]).toEqual([200, 403]);
});

test("the service of the systemd unit, which survives its reload command", async (context) => {
  needs(context, "openssl");
  const { folder } = await preparedFolder();
  const port = await claimPort();
  const configuration = `[tunnel.server]\nlisten = "127.0.0.1:${port}"\n[tunnel.server.auth]\napi_keys_file = "keys.txt"\n`;
  writeFileSync(join(folder, "server.toml"), configuration, { mode: 0o640 });
  const unit = page.example("unit", {
    "/usr/bin/node": process.execPath,
    "/opt/postern": ROOT.replace(/\/$/, ""),
    "/etc/postern": folder,
  });
  const [, command = ""] = /^ExecStart=(.+)$/m.exec(unit) ?? [];
  expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
  const [program = "", ...args] = command.split(" ");
  const service = new Program(onTestFinished, program, { args, cwd: "/" });
  const healthy = async (): Promise<boolean> =>
    (await exchange(port, { host: "localhost", path: "/health" })).status === 200;
  await service.waitFor("health", healthy);
  const before = service.output;
  service.signal("SIGHUP");
  await service.waitFor("a message about the reload", () => service.output !== before);
  expect(await healthy()).toBe(true);
  await service.terminate();
});

test("HTTPS on one machine with `postern cert dev`, and the two checks", async (context) => {
  const folder = scratchFolder(onTestFinished);
  const [port, origin] = [await claimPort(), await startEchoOrigin(onTestFinished)];
  await shell(context.onTestFinished, folder, page.example("certificates")).ends(0);
  const own = { 8443: String(port) };
  writeFileSync(join(folder, "server.toml"), page.example("local server", own), { mode: 0o600 });
  const client = page.example("local client", { ...own, "local = 3000": `local = ${origin.port}` });
  writeFileSync(join(folder, "postern.toml"), client, { mode: 0o600 });
  const server = shell(context.onTestFinished, folder, page.quoted("npx postern server --config server.toml"));
  await server.waitFor("it to listen", () => server.stdout.includes("Listening"));
  for (const command of ["npx postern auth check", "npx postern doctor"])
    await shell(onTestFinished, folder, command).ends(0);

  const start = shell(context.onTestFinished, folder, page.quoted("npx postern start"));
  const address = new URL(page.quoted("https://me.tunnel.localhost:8443").replace("8443", String(port)));
  await start.waitFor("the tunnel", () => start.stdout.includes(address.origin));
  const ca = readFileSync(join(folder, "postern-certs", "ca.pem"));
  expect((await visit(address, ca)).statusCode).toBe(200);
});
