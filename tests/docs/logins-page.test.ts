import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { claimPort, Origin, scratchFolder, TEST_KEY, type Program } from "@postern/testkit";
import { JarBrowser } from "../access/jar-browser.ts";
import { CLIENT_ID, CLIENT_SECRET, OpenIdService } from "../access/open-id-service.ts";
import { DocumentedPage, shell } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/logins.md", [
    ["login", "toml", /emails = /],
    ["hosts", "toml", /callback_url/],
    ["server", "toml", /^\[tunnel\.server\.oidc\]/],
    ["endpoint", "toml", /tunnel\.endpoints\.access\.oidc/],
  ]);
});

/** Runs `postern serve` with an example, and an origin in place of its target. */
async function served(
  example: string,
  files: Record<string, string>,
  port = 0,
): Promise<{ program: Program; origin: Origin }> {
  const folder = scratchFolder(onTestFinished);
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const text = example.replace("localhost:3000", `127.0.0.1:${origin.port}`);
  writeFileSync(join(folder, "postern.toml"), text, { mode: 0o600 });
  const program = shell(onTestFinished, folder, `npx postern serve --listen 127.0.0.1:${port}`);
  await program.waitFor("the address", () => /127\.0\.0\.1:(\d+)/.exec(program.output) ?? undefined);
  return { program, origin };
}

/** A provider with the accounts ann and eve, and `text` with its address. */
async function withProvider(text: string): Promise<{ provider: OpenIdService; example: string }> {
  const provider = await OpenIdService.start(onTestFinished);
  provider.accounts.set("ann", { email: "ann@example.com", email_verified: true, groups: ["staff"] });
  provider.accounts.set("eve", { email: "eve@evil.example", email_verified: true });
  return { provider, example: text.replace("https://auth.example.com", provider.issuer) };
}

const OIDC_FILES = { "oidc-secret": `${CLIENT_SECRET}\n` };

test("logins: a stranger gets a login page, and the origin sees nothing; only the named accounts get in", async () => {
  const { provider, example } = await withProvider(page.example("login", { "app.example.com": "app.localhost" }));
  const { program, origin } = await served(example.replace('"postern"', `"${CLIENT_ID}"`), OIDC_FILES);
  const [, port = ""] = /127\.0\.0\.1:(\d+)/.exec(program.output) ?? [];
  const url = `http://app.localhost:${port}/`;
  provider.serve([`${url}.postern/oidc/callback`]);
  const [eve, ann] = [new JarBrowser(), new JarBrowser()];
  expect((await eve.send(url, { method: "POST" })).headers["postern-error"]).toBe("PN_ACCESS_LOGIN");
  expect((await eve.logIn(await eve.open(url), "eve")).headers["postern-error"]).toBe("PN_ACCESS_ACCOUNT");
  expect(origin.requests).toHaveLength(0);
  expect((await ann.logIn(await ann.open(url), "ann")).status).toBe(200);
  expect(origin.last.headers).toMatchObject({ "x-forwarded-user": "ann", "x-forwarded-email": "ann@example.com" });
  expect((await ann.send(`${url}.postern/oidc/logout`)).headers.location).toContain(provider.issuer);
  expect((await ann.send(url)).status).toBe(303);
  expect(origin.requests).toHaveLength(1);
});

test("logins for several hosts: the provider knows one callback, and groups decide", async () => {
  const port = await claimPort();
  const callback = `http://login.localhost:${port}/.postern/oidc/callback`;
  const { provider, example } = await withProvider(
    page
      .example("hosts", { "app.example.com": "app.localhost", "wiki.example.com": "wiki.localhost" })
      .replace("https://login.example.com/.postern/oidc/callback", callback)
      .replace("localhost:3001", "127.0.0.1:1"),
  );
  provider.serve([callback]);
  const { origin } = await served(example.replace('"postern"', `"${CLIENT_ID}"`), OIDC_FILES, port);
  const [eve, ann] = [new JarBrowser(), new JarBrowser()];
  const [app, wiki] = ["app", "wiki"].map((name) => `http://${name}.localhost:${port}/`) as [string, string];
  expect((await eve.logIn(await eve.open(app), "eve")).headers["postern-error"]).toBe("PN_ACCESS_ACCOUNT");
  expect(origin.requests).toHaveLength(0);
  expect((await ann.logIn(await ann.open(app), "ann")).status).toBe(200);
  expect(origin.last.headers["x-forwarded-groups"]).toBe("staff");
  // Every account may use it, and its target does not exist.
  for (const browser of [eve, ann])
    expect((await browser.open(wiki)).headers["postern-error"]).toBe("PN_TARGET_REFUSED");
});

test("logins for tunnels: the server sends visitors to its provider before the client sees anything", async () => {
  const port = await claimPort();
  const { provider, example } = await withProvider(page.example("server"));
  provider.serve([`http://localhost:${port}/.postern/oidc/callback`]);
  const folder = scratchFolder(onTestFinished);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write("server.toml", example.replace('"postern"', `"${CLIENT_ID}"`));
  write("oidc-secret", CLIENT_SECRET);
  write("keys", `tests ${TEST_KEY}\n`);
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  const replaced = {
    "https://tunnel.example.com": `http://127.0.0.1:${port}`,
    "localhost:3000": `127.0.0.1:${origin.port}`,
  };
  write("client.toml", page.example("endpoint", replaced));
  const options = `--listen 127.0.0.1:${port} --domain localhost --api-keys-file keys --config server.toml`;
  shell(onTestFinished, folder, `STATE_DIRECTORY=state npx postern server ${options}`);
  const client = shell(onTestFinished, folder, `POSTERN_API_KEY=${TEST_KEY} npx postern start --config client.toml`);
  await client.waitFor("the tunnel", () => client.output.includes("wiki.localhost") || undefined);
  const url = `http://wiki.localhost:${port}/`;
  const [eve, ann] = [new JarBrowser(), new JarBrowser()];
  expect((await eve.logIn(await eve.open(url), "eve")).headers["postern-error"]).toBe("PN_ACCESS_ACCOUNT");
  expect(origin.requests).toHaveLength(0);
  expect((await ann.logIn(await ann.open(url), "ann")).status).toBe(200);
  expect(origin.last.headers["x-forwarded-email"]).toBe("ann@example.com");
});
