import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  ConnectProxy,
  exchange,
  inheritedEnvironment,
  makeCertificate,
  needs,
  Program,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  TEST_KEY,
} from "@postern/testkit";
import { DocumentedPage, ROOT, shell, shellWithAnswer } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/share.md", [
    ["key", "sh", /^export POSTERN_API_KEY_FILE=/m],
    ["service", "sh", /^npx postern http 3000$/],
    ["self-signed", "sh", /--local-ca-file/],
    ["vite", "sh", /http 5173/],
    ["name", "sh", /--subdomain my-app$/],
    ["group", "sh", /--join$/],
    ["password", "sh", /--password /],
    ["addresses", "sh", /--allow-ip/],
    ["file", "toml", /^\[\[tunnel\.endpoints\]\]$/m],
    ["proxy", "sh", /^export POSTERN_PROXY=/],
    ["checks", "sh", /^npx postern doctor/m],
  ]);
});

/** The commands that set the server and the key, for a server at `url`. */
function access(url: string): string {
  return `${page.example("key", { "…": TEST_KEY, "https://tunnel.example.com": url })}\n`;
}

/** Runs a client as the page does. */
function run(url: string, command: string): Program {
  return shell(onTestFinished, scratchFolder(onTestFinished), access(url) + command);
}

/** The public URL that a client prints. */
async function printedUrl(client: Program): Promise<URL> {
  const printed = /http:\/\/[a-z-]+\.(localhost|tunnel\.example\.com)(:\d+)?/;
  await client.waitFor("the public address", () => printed.test(client.stdout));
  return new URL(printed.exec(client.stdout)?.[0] ?? "");
}

function share(url: string, command: string): Promise<URL> {
  return printedUrl(run(url, command));
}

test("a service, with a name that the server chooses and with a requested one", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const { port } = await startEchoOrigin(onTestFinished);
  const chosen = await share(server.url, page.example("service", { 3000: String(port) }));
  expect((await exchange(server.port, { host: chosen.host })).status).toBe(200);
  const requested = await share(server.url, page.example("name", { 3000: String(port) }));
  expect(requested.hostname).toBe("my-app.localhost");
  expect((await exchange(server.port, { host: requested.host })).status).toBe(200);
});

test("a tunnel that not everyone may use", async (context) => {
  needs(context, "script");
  const server = await ServerProcess.start(onTestFinished);
  const { port } = await startEchoOrigin(onTestFinished);
  const text = (name: string): string => access(server.url) + page.example(name, { 3000: String(port) });
  const clients = [
    await shellWithAnswer(onTestFinished, scratchFolder(onTestFinished), text("password"), {
      question: "Password for visitors: ",
      answer: "canary",
    }),
    shell(onTestFinished, scratchFolder(onTestFinished), text("addresses").replace("my-app", "my-other-app")),
  ];
  const statuses: number[] = [];
  for (const client of clients) statuses.push((await exchange(server.port, await printedUrl(client))).status);
  expect(statuses).toEqual([401, 403]);
});

test("one name that two clients serve together", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const origins = [await startEchoOrigin(onTestFinished), await startEchoOrigin(onTestFinished)];
  const hosts = [];
  for (const { port } of origins)
    hosts.push((await share(server.url, page.example("group", { 3000: String(port) }))).host);
  expect(new Set(hosts).size).toBe(1);
  for (let n = 0; n < 4; n++) expect((await exchange(server.port, { host: hosts[0]! })).status).toBe(200);
  for (const { requests } of origins) expect(requests).toHaveLength(2);
});

test("a service with a self-signed certificate for another name", async (context) => {
  needs(context, "openssl");
  const server = await ServerProcess.start(onTestFinished);
  const files = makeCertificate(onTestFinished);
  const service = createHttpsServer({ cert: readFileSync(files.certificate), key: readFileSync(files.key) });
  service.on("request", (_, response) => response.end("secure"));
  await once(service.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  const address = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  const replacements = { "192.168.1.10:8006": address, "proxmox.pem": files.certificate };
  const { host } = await share(server.url, page.example("self-signed", replacements));
  expect((await exchange(server.port, { host })).body.toString()).toBe("secure");
});

test("a Vite dev server, with its WebSocket", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const [port, folder] = [await claimPort(), scratchFolder(onTestFinished)];
  writeFileSync(join(folder, "index.html"), "<h1>from vite</h1>");
  const args = [join(ROOT, "node_modules/vite/bin/vite.js"), "--port", String(port), "--strictPort"];
  const vite = new Program(onTestFinished, process.execPath, { args, cwd: folder, env: inheritedEnvironment() });
  await vite.waitFor("Vite to listen", () => vite.stdout.includes(String(port)));

  const { host } = await share(server.url, page.example("vite", { 5173: String(port) }));
  const { status, body } = await exchange(server.port, { host });
  expect([status, body.toString()]).toEqual([200, expect.stringContaining("from vite")]);
  const script = (await exchange(server.port, { host, path: "/@vite/client" })).body.toString();
  const [, token = ""] = /wsToken = "([^"]+)"/.exec(script) ?? [];
  expect(await upgradeStatus(server.port, host, `/?token=${token}`)).toBe(101);

  // Vite accepts every name below localhost.
  const elsewhere = await ServerProcess.start(onTestFinished, { domain: "tunnel.example.com" });
  const option = " --host-header rewrite";
  const without = run(`http://127.0.0.1:${elsewhere.port}`, page.example("vite", { 5173: String(port), [option]: "" }));
  const refused = await exchange(elsewhere.port, { host: (await printedUrl(without)).host });
  expect(refused.status).toBe(403);
  await without.waitFor("the suggestion", () => without.stdout.includes(`Vite checks the Host. Use${option}`));
});

/** The status of a WebSocket handshake like that of Vite's client. */
async function upgradeStatus(port: number, host: string, path: string): Promise<number | undefined> {
  const headers = {
    Host: host,
    Origin: `http://${host}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "vite-hmr",
  };
  const outgoing = request({ host: "127.0.0.1", port, path, headers, agent: false });
  const status = new Promise<number | undefined>((resolve, reject) => {
    outgoing.on("upgrade", ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    outgoing.on("response", ({ statusCode }) => resolve(statusCode));
    outgoing.on("error", reject);
  });
  outgoing.end();
  return status;
}

test("several services from a file, and the two checks", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const origins = [await startEchoOrigin(onTestFinished), await startEchoOrigin(onTestFinished)] as const;
  const folder = scratchFolder(onTestFinished);
  const file = page.example("file", {
    "https://tunnel.example.com": server.url,
    "local = 3000": `local = ${origins[0].port}`,
    "127.0.0.1:4000": `127.0.0.1:${origins[1].port}`,
  });
  writeFileSync(join(folder, "postern.toml"), file, { mode: 0o600 });
  writeFileSync(join(folder, "my.key"), TEST_KEY, { mode: 0o600 });
  for (const command of page.example("checks").split("\n")) await shell(onTestFinished, folder, command).ends(0);
  const start = shell(onTestFinished, folder, page.quoted("npx postern start"));
  for (const name of ["my-app", "my-api"])
    await start.waitFor(`the tunnel ${name}`, async () => {
      const { status } = await exchange(server.port, { host: `${name}.localhost:${server.port}` });
      return status === 200;
    });
});

test("through an HTTP proxy", async () => {
  const server = await ServerProcess.start(onTestFinished, { domain: "tunnel.example.com" });
  const proxy = await ConnectProxy.start(onTestFinished, { port: server.port, credentials: "user:password" });
  const { port } = await startEchoOrigin(onTestFinished);
  const command = page.example("proxy", { "proxy.example.com:3128": `127.0.0.1:${proxy.port}`, 3000: String(port) });
  const { host } = await share("http://tunnel.example.com", command);
  expect(proxy.asked).toContain("tunnel.example.com:80");
  expect((await exchange(server.port, { host })).status).toBe(200);
});

test("the key file of the page can be read by its owner only", async () => {
  const folder = scratchFolder(onTestFinished);
  await shell(onTestFinished, folder, access("http://localhost") + "stat -c %a my.key > mode").ends(0);
  expect(readFileSync(join(folder, "mode"), "utf8").trim()).toBe("600");
});
