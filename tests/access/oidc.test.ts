import type { Browser, Page } from "playwright-core";
import { WebSocketServer } from "ws";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Cleanup, needs, until, type SkippableTest } from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";
import { JarBrowser } from "./jar-browser.ts";
import { LoginGateway } from "./login-gateway.ts";
import { CLIENT_SECRET } from "./open-id-service.ts";

const ROUTE = '[[proxy]]\nhost = "web.localhost"\ntarget = "TARGET"\n[proxy.access.oidc]\ndomains = ["shop.example"]\n';
const LOGIN_PATHS = "/.postern/oidc/";
const CODE = "__Host-postern";

const cleanup = new Cleanup();
/** The gateway of most tests: visitors of web.localhost log in. */
let gateway: LoginGateway;
let shared: Browser | undefined;

beforeAll(async () => {
  const open = '[[proxy]]\nhost = "open.localhost"\ntarget = "TARGET"\n';
  gateway = await LoginGateway.start(cleanup.defer, { routes: open + ROUTE });
  const { origin } = gateway;
  const { accounts } = gateway.service;
  accounts.set("ann", { email: "ann@shop.example", email_verified: true, groups: ["staff"] });
  accounts.set("eve", { email: "eve@evil.example", email_verified: true });
  accounts.set("mallory", { email: "mallory@shop.example", email_verified: false });
  const sockets = new WebSocketServer({ noServer: true });
  origin.onUpgrade((incoming, socket, first) =>
    sockets.handleUpgrade(incoming, socket, first, (webSocket) => webSocket.send("welcome")),
  );
});
afterAll(() => cleanup.run());

const isEntry = (url: string): boolean => url.includes(`${LOGIN_PATHS}enter`);

/** The address with the one-time code of a new login. */
async function codeOf(browser: JarBrowser, url = gateway.url("/"), name = "ann"): Promise<string> {
  return (await browser.logIn(await browser.open(url), name, isEntry)).url;
}

describe("a stranger", () => {
  test.for([
    ["a page", {}, 303],
    ["a fetch", { headers: { accept: "*/*", "sec-fetch-mode": "cors" } }, 401],
    ["a form", { method: "POST", body: "a=1" }, 401],
    ["a made-up cookie", { headers: { cookie: `${CODE}_session_abc=def` } }, 303],
    ["made-up fields", { headers: { "x-forwarded-user": "ann", "x-forwarded-email": "ann@shop.example" } }, 303],
    ["a WebSocket", { headers: { connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": "a" } }, 401],
    ["a path of logins", { path: `${LOGIN_PATHS}x` }, 404],
  ] as const)("that sends %s does not reach the target", async ([, options, status]) => {
    const before = gateway.reached.length;
    const path = "path" in options ? options.path : "/secret";
    const response = await new JarBrowser().send(gateway.url(path), "path" in options ? {} : options);
    expect(response.status).toBe(status);
    if (status === 401) expect(response.headers["postern-error"]).toBe("PN_ACCESS_LOGIN");
    expect(gateway.reached).toHaveLength(before);
  });
});

test("after the login, the target knows the visitor, and gets no cookies of logins", async () => {
  const browser = new JarBrowser();
  const page = await browser.logIn(await browser.open(gateway.url("/deep/page?q=1")), "ann");
  expect([page.status, page.url]).toEqual([200, gateway.url("/deep/page?q=1")]);
  const session = [...browser.cookies("web.localhost")].find(([name]) => name.startsWith(`${CODE}_session`))!.join("=");
  const cookie = `a=1; ${session}; ${session}; b="2"; ${CODE}_pending_x="${session}"`;
  const forged = { "x-forwarded-user": "eve", X_Forwarded_Email: "eve@evil.example", "x-forwarded-groups": "admins" };
  const { status } = await browser.send(gateway.url("/cookies"), { headers: { cookie, ...forged } });
  expect(status).toBe(200);
  const { headers } = gateway.origin.last;
  expect(headers).toMatchObject({ "x-forwarded-user": "ann", "x-forwarded-email": "ann@shop.example" });
  expect(headers.cookie).toBe('a=1; b="2"');
  expect([headers["x-forwarded-groups"], headers["x_forwarded_email"]]).toEqual([undefined, undefined]);
});

test("the targets of other routes get no cookies of logins either", async () => {
  const cookie = `a=1; ${CODE}_session_abc=def`;
  await new JarBrowser().send(gateway.url("/open", "open.localhost"), { headers: { cookie } });
  expect(gateway.origin.last).toMatchObject({ url: "/open", headers: { cookie: "a=1" } });
});

describe("a code", () => {
  test("that was stolen is of no use in another browser, nor then in its own", async () => {
    const [victim, thief] = [new JarBrowser(), new JarBrowser()];
    const code = await codeOf(victim);
    await thief.open(gateway.url("/"), (url) => url.startsWith(gateway.service.issuer));
    for (const browser of [thief, victim]) {
      const response = await browser.send(code);
      expect([response.status, response.headers["postern-error"]]).toEqual([403, "PN_ACCESS_LOGIN_EXPIRED"]);
      expect(response.headers["set-cookie"]).toBeUndefined();
    }
  });

  test("cannot be used twice", async () => {
    const browser = new JarBrowser();
    const code = await codeOf(browser);
    expect((await browser.send(code)).status).toBe(303);
    expect((await browser.send(code)).status).toBe(403);
    expect((await browser.send(gateway.url("/"))).status).toBe(200);
  });

  test("of the provider is of no use in another browser", async () => {
    const [victim, thief] = [new JarBrowser(), new JarBrowser()];
    const isCallback = (url: string): boolean => url.includes(`${LOGIN_PATHS}callback`);
    const callback = (await victim.logIn(await victim.open(gateway.url("/")), "ann", isCallback)).url;
    const stolen = new URL(callback).searchParams.get("code")!;
    expect((await thief.send(callback)).headers["postern-error"]).toBe("PN_ACCESS_LOGIN_EXPIRED");
    // With a login of its own, the thief puts the code into its own callback: PKCE refuses it.
    const own = new URL((await thief.logIn(await thief.open(gateway.url("/")), "eve", isCallback)).url);
    own.searchParams.set("code", stolen);
    expect((await thief.send(own.href)).headers["postern-error"]).toBe("PN_ACCESS_LOGIN_FAILED");
  });
});

describe("a visitor is never sent to another host", () => {
  /** The policy's id, which the page for other accounts names. */
  let policy = "";

  beforeAll(async () => {
    const browser = new JarBrowser();
    const refused = await browser.logIn(await browser.open(gateway.url("/")), "eve");
    [, policy = ""] = /switch\?policy=([\w-]+)/.exec(refused.body) ?? [];
  });

  test.for([
    "//evil.example",
    "/\\evil.example",
    "/%2f%2fevil.example",
    "/%5c%5cevil.example",
    "/%0d%0aLocation:%20//evil.example",
    "/a\r\nLocation: //evil.example",
    "https://evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example",
  ])("with the path %j", async (path) => {
    const browser = new JarBrowser();
    const query = new URLSearchParams({ path, policy }).toString();
    const page = await browser.open(gateway.url(`${LOGIN_PATHS}switch?${query}`));
    await browser.logIn(page, "ann", (url) => !url.includes(LOGIN_PATHS) && !url.startsWith(gateway.service.issuer));
    const hosts = new Set(browser.visited.map((url) => new URL(url).host));
    expect(hosts).toEqual(new Set([`web.localhost:${gateway.port}`, `localhost:${gateway.service.origin.port}`]));
  });
});

test.for([
  ["eve", "eve@evil.example"],
  ["mallory", "(no verified email address)"],
] as const)("the account %s may not use the route, and learns why", async ([name, text]) => {
  const before = gateway.reached.length;
  const browser = new JarBrowser();
  const refused = await browser.logIn(await browser.open(gateway.url("/secret")), name);
  expect([refused.status, refused.headers["postern-error"]]).toEqual([403, "PN_ACCESS_ACCOUNT"]);
  expect(refused.body).toContain(text);
  expect(gateway.reached).toHaveLength(before);
});

test("nothing that is secret is in the log", async () => {
  const browser = new JarBrowser();
  const code = await codeOf(browser);
  await browser.send(code);
  await browser.send(gateway.url("/last-of-the-log"));
  const { program } = gateway;
  await program.waitFor("the log", () => program.output.includes("/last-of-the-log") || undefined);
  const secrets = [
    ...browser.cookies("web.localhost").values(),
    CLIENT_SECRET,
    new URL(code).searchParams.get("code")!,
  ];
  for (const url of browser.visited)
    for (const [name, value] of new URL(url).searchParams)
      if (name === "code" || name === "login_token") secrets.push(value);
  expect(secrets.length).toBeGreaterThan(5);
  for (const secret of secrets) expect(program.output).not.toContain(secret);
});

describe("a browser", () => {
  /** The browser that all tests of this file share. */
  async function open(context: SkippableTest): Promise<Page> {
    needs(context, "chromium");
    shared ??= await openBrowser(cleanup.defer);
    return (await openPage(onTestFinished, shared, { ignoreHTTPSErrors: true })).page;
  }

  async function logIn(page: Page, name: string): Promise<void> {
    await page.fill("input[name=login]", name);
    await page.fill("input[name=password]", "x");
    await page.click("button[type=submit]");
  }

  test("logs in, returns to its page, opens a WebSocket, and logs out", async (context) => {
    const page = await open(context);
    await page.goto(gateway.url("/deep?q=1"));
    expect(page.url()).toContain(gateway.service.issuer);
    await logIn(page, "ann");
    await page.waitForURL(gateway.url("/deep?q=1"));
    expect(await page.title()).toBe("origin");
    const connect = `new Promise((done) => {
      const socket = new WebSocket(\`wss://\${location.host}/socket\`);
      socket.onmessage = ({ data }) => done(data);
      socket.onerror = () => done("refused");
    })`;
    expect(await page.evaluate(connect)).toBe("welcome");
    expect(gateway.origin.last.headers).toMatchObject({ "x-forwarded-user": "ann" });
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.goto(gateway.url(`${LOGIN_PATHS}logout`));
    expect(page.url()).toContain(`${gateway.service.issuer}/session/end`);
    expect(await page.goto(gateway.url("/")).then((response) => response?.status())).toBe(200);
    await page.goto(gateway.url(`${LOGIN_PATHS}logout`));
    await page.click("button[name=logout]");
    await page.goto(gateway.url("/"));
    expect(page.url()).toContain(gateway.service.issuer);
  });

  test("cannot open a WebSocket from a page of another host with the visitor's login", async (context) => {
    const page = await open(context);
    await page.goto(gateway.url("/"));
    await logIn(page, "ann");
    await page.waitForURL(gateway.url("/"));
    await page.goto(gateway.url("/", "open.localhost"));
    const sockets = (): string[] => gateway.reached.filter((path) => path === "/socket");
    const before = sockets().length;
    const connect = `new Promise((done) => {
      const socket = new WebSocket(${JSON.stringify(gateway.url("/socket").replace("https", "wss"))});
      socket.onmessage = ({ data }) => done(data);
      socket.onerror = () => done("refused");
    })`;
    expect(await page.evaluate(connect)).toBe("refused");
    expect(sockets()).toHaveLength(before);
  });

  test("with an account that may not use the route can log in as someone else", async (context) => {
    const page = await open(context);
    await page.goto(gateway.url("/deep"));
    await logIn(page, "eve");
    await page.waitForURL((url) => url.pathname.startsWith(LOGIN_PATHS));
    expect(await page.textContent("main")).toContain("eve@evil.example");
    await page.click("text=Log in as someone else");
    await logIn(page, "ann");
    await page.waitForURL(gateway.url("/deep"));
    expect(await page.title()).toBe("origin");
  });
});

describe("several hosts with one callback", () => {
  const host = (name: string): string => ROUTE.replace("web.localhost", name);

  test("a login is handed over to the host for which it is, and is valid there only", async () => {
    const routes = host("a.localhost") + host("b.localhost");
    const many = await LoginGateway.start(onTestFinished, { routes, callbackHost: "login.localhost" });
    many.service.accounts.set("ann", { email: "ann@shop.example", email_verified: true });
    const browser = new JarBrowser();
    const first = await browser.logIn(await browser.open(many.url("/a", "a.localhost")), "ann");
    expect([first.status, first.url]).toEqual([200, many.url("/a", "a.localhost")]);
    // The visitor is still logged in at the provider, so that the second host asks for nothing.
    const second = await browser.open(many.url("/b", "b.localhost"));
    expect([second.status, second.url]).toEqual([200, many.url("/b", "b.localhost")]);
    const moved = new JarBrowser();
    moved.jar.set("b.localhost", browser.cookies("a.localhost"));
    expect((await moved.send(many.url("/b", "b.localhost"))).status).toBe(303);
    // Somebody else may listen on another port of the host.
    const elsewhere = await moved.send(many.url("/b", "b.localhost"), { headers: { host: "b.localhost:9999" } });
    expect([elsewhere.status, elsewhere.headers["postern-error"]]).toEqual([403, "PN_ACCESS_HOST"]);
    expect(elsewhere.headers["set-cookie"]).toBeUndefined();
    browser.cookies("b.localhost").clear();
    const entry = (await browser.open(many.url("/", "b.localhost"), isEntry)).url;
    const mixed = await browser.send(entry.replace("b.localhost", "a.localhost"));
    expect([mixed.status, mixed.headers["postern-error"]]).toEqual([403, "PN_ACCESS_LOGIN_EXPIRED"]);
    expect((await browser.send(entry)).status).toBe(403);
  });
});

test("a provider that is down does not prevent the start; visitors get 502, the owner is told, and logins outlive a restart", async () => {
  const own = await LoginGateway.start(onTestFinished, { routes: ROUTE });
  own.service.accounts.set("ann", { email: "ann@shop.example", email_verified: true });
  own.service.isDown = true;
  const browser = new JarBrowser();
  const refused = await browser.open(own.url("/"));
  expect([refused.status, refused.headers["postern-error"]]).toEqual([502, "PN_ACCESS_PROVIDER"]);
  await own.program.waitFor("the warning", () => own.program.output.includes("Visitors cannot log in") || undefined);
  own.service.isDown = false;
  const login = await until("the provider to be asked again", async () => {
    const page = await browser.open(own.url("/"));
    return page.status === 200 ? page : undefined;
  });
  expect((await browser.logIn(login, "ann")).status).toBe(200);
  await own.restart();
  own.service.isDown = true;
  expect((await browser.send(own.url("/"))).status).toBe(200);
});
