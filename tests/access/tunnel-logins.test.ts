import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  Cleanup,
  ClientProcess,
  exchange,
  needs,
  Origin,
  postern,
  scratchFolder,
  ServerProcess,
  TEST_KEY,
} from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";
import { JarBrowser, type JarResponse } from "./jar-browser.ts";
import { CLIENT_ID, CLIENT_SECRET, OpenIdService } from "./open-id-service.ts";

const LOGIN_PATHS = "/.postern/oidc/";

const cleanup = new Cleanup();
let service: OpenIdService;
let server: ServerProcess;
let origin: Origin;

beforeAll(async () => {
  service = await OpenIdService.start(cleanup.defer);
  service.accounts.set("ann", { email: "ann@shop.example", email_verified: true });
  service.accounts.set("eve", { email: "eve@evil.example", email_verified: true });
  const folder = scratchFolder(cleanup.defer);
  const secret = join(folder, "secret");
  writeFileSync(secret, CLIENT_SECRET, { mode: 0o600 });
  server = await ServerProcess.start(cleanup.defer, {
    env: {
      STATE_DIRECTORY: join(folder, "state"),
      POSTERN_TUNNEL_SERVER_OIDC_ISSUER: service.issuer,
      POSTERN_TUNNEL_SERVER_OIDC_CLIENT_ID: CLIENT_ID,
      POSTERN_TUNNEL_SERVER_OIDC_CLIENT_SECRET_FILE: secret,
    },
  });
  service.serve([`http://localhost:${server.port}${LOGIN_PATHS}callback`]);
  origin = await Origin.start(cleanup.defer, (incoming, outgoing) => {
    outgoing.writeHead(200, { "content-type": "text/html" }).end(`<title>origin</title>${incoming.url}`);
  });
  const sockets = new WebSocketServer({ noServer: true });
  origin.onUpgrade((incoming, socket, first) =>
    sockets.handleUpgrade(incoming, socket, first, (webSocket) => webSocket.send("welcome")),
  );
});
afterAll(() => cleanup.run());

const tunnel = (subdomain: string): Promise<ClientProcess> =>
  ClientProcess.start(onTestFinished, { server, target: origin.port, subdomain, args: ["--oidc"] });

/** Runs an endpoint of a file, with this access table. */
async function endpoint(subdomain: string, access: string): Promise<void> {
  const folder = scratchFolder(onTestFinished);
  const table = `[[tunnel.endpoints]]\nserver_url = "${server.url}"\nsubdomain = "${subdomain}"\nlocal = "127.0.0.1:${origin.port}"\n`;
  writeFileSync(join(folder, "postern.toml"), `[tunnel]\nenabled = true\n${table}${access}`, { mode: 0o600 });
  const program = postern(onTestFinished, ["start"], { cwd: folder, env: { POSTERN_API_KEY: TEST_KEY } });
  await program.waitFor("the tunnel", () => program.output.includes(`${subdomain}.localhost`) || undefined);
}

const url = (name: string, path = "/"): string => `http://${name}.localhost:${server.port}${path}`;
const code = ({ status, headers }: JarResponse): string => `${status} ${String(headers["postern-error"] ?? "")}`.trim();

describe("a tunnel with --oidc", () => {
  test("refuses strangers before a stream opens, and admits visitors after their login", async () => {
    const client = await tunnel("shop");
    expect((await client.event("tunnel_established")).data["access"]).toEqual({ oidc: "login" });
    const before = origin.requests.length;
    const browser = new JarBrowser();
    expect(code(await browser.send(url("shop"), { method: "POST" }))).toBe("401 PN_ACCESS_LOGIN");
    expect(code(await browser.send(url("shop", `${LOGIN_PATHS}x`)))).toBe("404 PN_ROUTE_UNKNOWN");
    expect(origin.requests).toHaveLength(before);
    const page = await browser.logIn(await browser.open(url("shop", "/deep?q=1")), "ann");
    expect([page.status, page.url]).toEqual([200, url("shop", "/deep?q=1")]);
    expect(origin.last.headers).toMatchObject({ "x-forwarded-user": "ann", "x-forwarded-email": "ann@shop.example" });
    expect(origin.last.headers.cookie).toBeUndefined();
    // The provider sends all visitors back to the base domain.
    expect(browser.visited.filter((each) => each.includes(`${LOGIN_PATHS}callback`))).toEqual([
      expect.stringContaining(`http://localhost:${server.port}/`),
    ]);
  });

  test("hands logins over to each tunnel, and a code of one is of no use at another", async () => {
    await tunnel("one");
    await tunnel("two");
    const browser = new JarBrowser();
    expect((await browser.logIn(await browser.open(url("one")), "ann")).status).toBe(200);
    const isEntry = (each: string): boolean => each.includes(`${LOGIN_PATHS}enter`);
    const entry = (await browser.open(url("two"), isEntry)).url;
    const moved = entry.replace("two.localhost", "one.localhost");
    expect(code(await browser.send(moved))).toBe("403 PN_ACCESS_LOGIN_EXPIRED");
    expect(code(await browser.send(entry))).toBe("403 PN_ACCESS_LOGIN_EXPIRED");
    expect((await browser.open(url("two"))).status).toBe(200);
    const copied = new JarBrowser();
    copied.jar.set("two.localhost", browser.cookies("one.localhost"));
    expect((await copied.send(url("two"))).status).toBe(303);
  });

  test("works in a browser, with WebSockets and logout", async (context) => {
    needs(context, "chromium");
    await tunnel("web");
    const { page } = await openPage(onTestFinished, await openBrowser(onTestFinished));
    await page.goto(url("web", "/deep"));
    await page.fill("input[name=login]", "ann");
    await page.fill("input[name=password]", "x");
    await page.click("button[type=submit]");
    await page.waitForURL(url("web", "/deep"));
    const connect = `new Promise((done) => {
      const socket = new WebSocket(\`ws://\${location.host}/socket\`);
      socket.onmessage = ({ data }) => done(data);
      socket.onerror = () => done("refused");
    })`;
    expect(await page.evaluate(connect)).toBe("welcome");
    await page.goto(url("web", `${LOGIN_PATHS}logout`));
    expect(page.url()).toContain(service.issuer);
    await page.click("button[name=logout]");
    await page.goto(url("web"));
    expect(page.url()).toContain(service.issuer);
  });
});

test("logins begin only at the public addresses of tunnels", async () => {
  await endpoint("public", 'access = { oidc = { domains = ["shop.example"] } }\n');
  const browser = new JarBrowser();
  const page = await browser.logIn(await browser.open(url("public")), "eve");
  const [, change = ""] = /href="([^"]*switch[^"]*)"/.exec(page.body) ?? [];
  const path = change.replaceAll("&amp;", "&");
  expect((await browser.send(url("public", path))).status).toBe(303);
  for (const host of ["127.0.0.1", `127.0.0.1:${server.port}`, `none.localhost:${server.port}`, "public.localhost:9"]) {
    const response = await browser.send(url("public", path), { headers: { host } });
    expect([host, code(response)]).toEqual([host, "403 PN_ACCESS_LOGIN_EXPIRED"]);
    expect(response.headers["set-cookie"]).toBeUndefined();
  }
  const elsewhere = await new JarBrowser().send(url("public"), { headers: { host: "public.localhost:9" } });
  expect(code(elsewhere)).toBe("403 PN_ACCESS_HOST");
});

test("through a route of a gateway, visitors of a tunnel log in at its public address only", async () => {
  const [port, gateway] = [await claimPort(), await claimPort()];
  const folder = scratchFolder(onTestFinished);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write("secret", CLIENT_SECRET);
  write(
    "postern.toml",
    `[server]
listen = "127.0.0.1:${gateway}"
[tunnel]
enabled = true
[[tunnel.endpoints]]
server_url = "http://127.0.0.1:${port}"
subdomain = "web"
local = "127.0.0.1:${origin.port}"
auth.api_key = "${TEST_KEY}"
access.oidc = {}
[tunnel.server]
enabled = true
listen = "127.0.0.1:${port}"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[tunnel.server.oidc]
issuer = "${service.issuer}"
client_id = "${CLIENT_ID}"
client_secret_file = "secret"
[[proxy]]
path = "/*"
target = "tunnel://web"
`,
  );
  const env = { STATE_DIRECTORY: join(folder, "state") };
  const program = postern(onTestFinished, ["start"], { cwd: folder, env });
  await program.waitFor("the tunnel", () => program.output.includes("web.localhost") || undefined);
  const ask = (host: string): Promise<JarResponse> =>
    new JarBrowser().send(`http://127.0.0.1:${gateway}/`, { headers: { host } });
  for (const host of ["evil.localhost", `evil.localhost:${port}`, `web.localhost:${gateway}`, "127.0.0.1"])
    expect([host, code(await ask(host))]).toEqual([host, "403 PN_ACCESS_HOST"]);
  const begun = await ask(`web.localhost:${port}`);
  expect([begun.status, new URL(begun.headers.location!).host]).toEqual([303, `localhost:${port}`]);
});

test("a tunnel may name the accounts, in an access table", async () => {
  await endpoint("named", 'access = { oidc = { domains = ["Shop.example"] } }\n');
  const [eve, ann] = [new JarBrowser(), new JarBrowser()];
  expect(code(await eve.logIn(await eve.open(url("named")), "eve"))).toBe("403 PN_ACCESS_ACCOUNT");
  expect(code(await ann.logIn(await ann.open(url("named")), "ann"))).toBe("200");
});

test("an empty table of logins is a login, and no open tunnel", async () => {
  await endpoint("empty", "[tunnel.endpoints.access.oidc]\n");
  expect((await new JarBrowser().send(url("empty"))).status).toBe(303);
});

test("a server without [tunnel.server.oidc] refuses such a tunnel", async () => {
  const plain = await ServerProcess.start(onTestFinished);
  const client = ClientProcess.launch(onTestFinished, {
    server: plain,
    target: origin.port,
    subdomain: "shop",
    args: ["--oidc"],
  });
  expect((await client.program.exited).code).not.toBe(0);
  expect(client.program.output).toContain("PN_POLICY_FORBIDDEN");
  expect((await exchange(plain.port, { host: "shop.localhost" })).status).toBe(404);
});
