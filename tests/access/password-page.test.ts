import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test, type TestContext } from "vitest";
import { CertificateAuthority, ChatOrigin, claimPort, Cleanup, exchange, needs, StartProcess } from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";

const PAGE = `<!doctype html><title>origin</title><script>
const socket = new WebSocket(location.origin.replace("http", "ws") + "/chat");
socket.onopen = () => (document.title = "connected");
socket.onclose = () => (document.title = "closed");
</script>`;

const cleanup = new Cleanup();
let chat: ChatOrigin;
let served: StartProcess;
let port: number;
let securePort: number;

beforeAll(async () => {
  chat = await ChatOrigin.start(cleanup.defer);
  chat.origin.server.removeAllListeners("request");
  chat.origin.server.on("request", (incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url} ${incoming.headers.cookie ?? ""}`);
    outgoing.setHeader("Content-Type", "text/html").end(PAGE);
  });
  [port, securePort] = [await claimPort(), await claimPort()];
  const { certificate, key } = new CertificateAuthority(cleanup.defer).issue({ names: ["localhost", "127.0.0.1"] });
  const file = `[server]
default_port = ${port}
state_dir = "./state"
[server.ssl]
enabled = true
https_port = ${securePort}
cert_file = "${certificate}"
key_file = "${key}"
[[proxy]]
path = "/*"
target = "http://127.0.0.1:${chat.origin.port}"
access = { password_file = "./password" }
`;
  served = StartProcess.launch(cleanup.defer, file, {}, ["serve"], {
    prepare: (folder) => writeFileSync(join(folder, "password"), "correct horse\n", { mode: 0o600 }),
  });
  await served.gatewayPort();
});
afterAll(() => cleanup.run());

/** What the origin got: method, path and cookies. */
const seen: string[] = [];

async function browserPage(context: TestContext): Promise<{ page: Page; complaints: string[] }> {
  needs(context, "chromium");
  const browser = await openBrowser(onTestFinished);
  return openPage(onTestFinished, browser, { ignoreHTTPSErrors: true });
}

async function enter(page: Page, password: string): Promise<void> {
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button").click();
}

test.for(["https", "http"])(
  "over %s, a browser enters the password, opens a WebSocket, and logs out",
  async (scheme, context) => {
    const { page, complaints } = await browserPage(context);
    const site = scheme === "https" ? `https://localhost:${securePort}` : `http://127.0.0.1:${port}`;
    seen.length = 0;
    const response = await page.goto(`${site}/a?b=c`);
    expect(response!.status()).toBe(401);
    expect(await page.title()).toBe("Password required");
    await enter(page, "canary-wrong");
    await page.getByText("This password is not correct").waitFor();
    expect(seen).toEqual([]);
    await enter(page, "correct horse");
    await page.waitForFunction(() => document.title === "connected");
    expect(page.url()).toBe(`${site}/a?b=c`);
    expect(seen[0]).toBe("GET /a?b=c ");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({
      name: expect.stringMatching(scheme === "https" ? /^__Host-postern_password_/ : /^postern_password_/),
      httpOnly: true,
      secure: scheme === "https",
      sameSite: "Lax",
    });
    // The page had to do without parts from elsewhere, and its policy allowed all of its own.
    expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
    await page.goto(`${site}/.postern/password/logout`);
    expect(await page.title()).toBe("Password required");
    expect(await page.context().cookies()).toEqual([]);
    expect(seen.every((line) => !line.includes("postern"))).toBe(true);
  },
);

test("a page of another site can neither enter a password nor open a WebSocket", async (context) => {
  const { page } = await browserPage(context);
  const site = `http://127.0.0.1:${port}`;
  await page.goto(`${site}/`);
  const action = await page.locator("form").getAttribute("action");
  await enter(page, "correct horse");
  await page.waitForFunction(() => document.title === "connected");
  const elsewhere = `http://localhost:${chat.origin.port}/`;
  await page.goto(elsewhere);
  const opened = await page.evaluate(async (url) => {
    const socket = new WebSocket(url);
    return await new Promise((resolve) => {
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    });
  }, `ws://127.0.0.1:${port}/chat`);
  expect(opened).toBe("refused");
  const posted = page.waitForResponse((response) => response.url().includes("/.postern/"));
  await page.evaluate((url) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: url });
    form.innerHTML = '<input name="password" value="correct horse">';
    document.body.append(form);
    form.submit();
  }, `${site}${action}`);
  expect((await posted).status()).toBe(403);
});

test("programs get 401 with a code; logins survive a restart; the password and logins are shown nowhere", async () => {
  const ask = (path: string, headers: Record<string, string> = {}, body?: string): ReturnType<typeof exchange> =>
    exchange(port, {
      host: "a.test",
      path,
      headers,
      method: body === undefined ? "GET" : "POST",
      ...(body && { body }),
    });
  seen.length = 0;
  const stranger = await ask("/x");
  expect([stranger.status, stranger.headers["postern-error"]]).toEqual([401, "PN_ACCESS_PASSWORD_PAGE"]);
  expect(seen).toEqual([]);
  const html = (await ask("/x", { accept: "text/html" })).body.toString();
  const [, action = ""] = /action="([^"]+)"/.exec(html) ?? [];
  const entered = await ask(action, {}, "password=correct+horse&to=/x");
  expect([entered.status, entered.headers.location]).toEqual([303, "/x"]);
  const cookie = entered.headers["set-cookie"]![0]!.split(";")[0]!;
  const file = `[server]
listen = "127.0.0.1:0"
state_dir = "${join(served.folder, "state")}"
[[proxy]]
path = "/*"
target = "http://127.0.0.1:${chat.origin.port}"
access = { password_file = "${join(served.folder, "password")}" }
`;
  const again = StartProcess.launch(onTestFinished, file, {}, ["serve"]);
  const otherPort = await again.gatewayPort();
  const kept = await exchange(otherPort, { host: "a.test", path: "/x", headers: { cookie } });
  expect(kept.status).toBe(200);
  await served.program.waitFor(
    "the request in the log",
    () => served.program.stderr.includes("/.postern/") || undefined,
  );
  const output = served.program.output + again.program.output;
  for (const secret of ["correct", "canary-wrong", cookie.split("=")[1]!, "$2b$"]) expect(output).not.toContain(secret);
});
