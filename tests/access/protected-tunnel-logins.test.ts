import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  ChatOrigin,
  ClientProcess,
  exchange,
  needs,
  Origin,
  scratchFolder,
  ServerProcess,
  StartProcess,
  until,
  type Exchange,
} from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";

const PAGE = `<!doctype html><title>origin</title><script>
const socket = new WebSocket(location.origin.replace("http", "ws") + "/chat");
socket.onopen = () => (document.title = "connected");
</script>`;

test("a browser enters the password of a tunnel, opens a WebSocket, and logs out; strangers open no stream", async (context) => {
  needs(context, "chromium");
  const server = await ServerProcess.start(onTestFinished);
  const { origin } = await ChatOrigin.start(onTestFinished);
  origin.server.removeAllListeners("request");
  const seen: string[] = [];
  origin.server.on("request", (incoming, outgoing) => {
    // The client checks whether the local service is up.
    if (incoming.method === "GET") seen.push(`${incoming.url} ${incoming.headers.cookie ?? ""}`);
    outgoing.setHeader("Content-Type", "text/html").end(PAGE);
  });
  const folder = scratchFolder(onTestFinished);
  const password = join(folder, "password");
  writeFileSync(password, "canary horse\n", { mode: 0o600 });
  const client = await ClientProcess.start(onTestFinished, {
    server,
    target: String(origin.port),
    args: ["--password-file", password],
    env: { XDG_STATE_HOME: folder },
  });
  const { page } = await openPage(onTestFinished, await openBrowser(onTestFinished));
  const before = seen.length;
  const response = await page.goto(`${client.url.origin}/a?b=c`);
  expect([response!.status(), await page.title()]).toEqual([401, "Password required"]);
  const enter = async (text: string): Promise<void> => {
    await page.getByLabel("Password").fill(text);
    await page.getByRole("button").click();
  };
  await enter("canary wrong");
  await page.getByText("This password is not correct").waitFor();
  expect(seen.slice(before)).toEqual([]);
  await enter("canary horse");
  await page.waitForFunction(() => document.title === "connected");
  expect(page.url()).toBe(`${client.url.origin}/a?b=c`);
  expect(seen).toContain("/a?b=c ");
  await page.goto(`${client.url.origin}/.postern/password/logout`);
  expect(await page.title()).toBe("Password required");
  expect(seen.join()).not.toContain("postern_password");
  const output = server.program.output + client.program.output;
  expect(output).not.toMatch(/canary|\$2b\$/);
  expect(client.program.output).toContain("password page");
});

test("the logins of a tunnel reach no later service with its name, and cookies of others do", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const seen: string[] = [];
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
    if (incoming.method === "GET") seen.push(incoming.headers.cookie ?? "");
    incoming.resume().on("end", () => outgoing.end("origin"));
  });
  const folder = scratchFolder(onTestFinished);
  const password = join(folder, "password");
  writeFileSync(password, "canary horse\n", { mode: 0o600 });
  const share = (...args: string[]): Promise<ClientProcess> =>
    ClientProcess.start(onTestFinished, {
      server,
      target: String(origin.port),
      args: ["--subdomain", "shop", ...args],
      env: { XDG_STATE_HOME: folder },
    });
  const send = (options: Partial<Parameters<typeof exchange>[1]>): Promise<Exchange> =>
    exchange(server.port, { host: "shop.localhost", ...options });
  const first = await share("--password-file", password);
  const page = await send({ headers: { accept: "text/html" } });
  const [, path] = /action="([^"]+)"/.exec(page.body.toString()) ?? [];
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const entered = await send({ method: "POST", path: path!, body: "password=canary+horse&to=/", headers: type });
  const [cookie = ""] = [entered.headers["set-cookie"]].flat().map((line) => line?.split(";")[0] ?? "");
  expect(cookie).toMatch(/^postern_password_/);
  expect((await send({ headers: { cookie } })).body.toString()).toBe("origin");
  await first.program.terminate();

  await share();
  const cookies = `a=1; ${cookie}; postern_password_0123abcd_x=2; b=3`;
  expect((await send({ headers: { cookie: cookies } })).body.toString()).toBe("origin");
  expect(seen.at(-1)).toBe("a=1; postern_password_0123abcd_x=2; b=3");
});

test("a tunnel for webhooks admits signed requests only, and its secret is shown nowhere", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
    incoming.resume().on("end", () => outgoing.end("origin"));
  });
  const file = `[tunnel]
enabled = true
[[tunnel.endpoints]]
server_url = "${server.url}"
subdomain = "hooks"
local = ${origin.port}
[tunnel.endpoints.access.webhook]
kind = "github"
secret = "\${HOOK_SECRET}"
`;
  const client = StartProcess.launch(onTestFinished, file, { HOOK_SECRET: "canary-secret" });
  const body = '{"ref":"main"}';
  const send = (secret: string): Promise<Exchange> =>
    exchange(server.port, {
      host: "hooks.localhost",
      method: "POST",
      body,
      headers: { "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` },
    });
  await until("the tunnel", async () => (await send("canary-secret")).status === 200);
  const posts = (): number => origin.requests.filter(({ method }) => method === "POST").length;
  const before = posts();
  const refused = await send("canary-other");
  expect([refused.status, refused.headers["postern-error"]]).toEqual([401, "PN_ACCESS_SIGNATURE"]);
  expect(posts()).toBe(before);
  await server.program.waitFor(
    "the reason",
    () => server.program.output.includes("no secret of the route") || undefined,
  );
  expect(server.program.output + client.program.output).not.toContain("canary");
});
