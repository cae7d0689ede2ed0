import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, scratchFolder } from "@postern/testkit";
import { run } from "../../main.js";
import { Output } from "../../terminal/output.js";

const FOLDER = fileURLToPath(new URL("../../../../../examples/config/old/", import.meta.url));
const files = readdirSync(FOLDER).toSorted();

const cleanup = new Cleanup();
let issued: { certificate: string; key: string } | undefined;
beforeEach((context) => {
  needs(context, "openssl");
  issued ??= new CertificateAuthority(cleanup.defer).issue({ names: ["example.test", "*.example.test"], days: 30 });
});
afterAll(() => cleanup.run());

/** Copies a file of the older program, and makes the certificates, keys and folders that it names. */
function installed(name: string): string {
  const folder = scratchFolder(onTestFinished);
  const config = join(folder, name);
  copyFileSync(FOLDER + name, config);
  chmodSync(config, 0o600);
  for (const [, path = ""] of readFileSync(config, "utf8").matchAll(/_file = "([^"]+)"/g)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(/key|\.k$/.test(path) ? issued!.key : issued!.certificate, file);
    chmodSync(file, 0o600);
  }
  for (const [, path = ""] of readFileSync(config, "utf8").matchAll(/^directory = "([^"]+)"/gm))
    mkdirSync(join(folder, path), { recursive: true });
  return config;
}

async function check(config: string): Promise<{ exit: number; warnings: string[]; notes: string[]; text: string }> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const exit = await run(["config", "check", "--config", config, "--json"], {
    stdout: new Output(streams.stdout),
    stderr: new Output(streams.stderr),
    env: { HOME: "/nowhere" },
  });
  const text = String((streams.stderr.read() as Buffer | null) ?? "");
  const line = String((streams.stdout.read() as Buffer | null) ?? "");
  const { data } = line === "" ? {} : (JSON.parse(line) as { data?: { warnings: string[]; notes: string[] } });
  return { exit, warnings: data?.warnings ?? [], notes: data?.notes ?? [], text };
}

test.for(files)("config check accepts %s of the older program", async (name) => {
  const { exit, text } = await check(installed(name));
  expect(text).not.toContain("PN_");
  expect(exit).toBe(0);
});

test("config check names what other machines can reach, and what differs from the older program", async () => {
  const { warnings } = await check(installed("app_config.toml"));
  const all = warnings.join("\n");
  for (const each of [
    /Other machines can reach the gateway at 0\.0\.0\.0:8080\. .*listen = "127\.0\.0\.1:8080"/,
    /app_config\.toml:57:1: \/api\/\* matches \/api and everything below/,
    /app_config\.toml:20:1: max_request_size_mb now has an effect/,
    /app_config\.toml:375:1: status_endpoint .* has no effect/,
    /CLOUDFLARE_API_TOKEN.*while the table is disabled/,
    /The served folder .* contains files of a configuration: app_config\.toml.* Visitors get 404/,
  ])
    expect(all).toMatch(each);
});

test.for(files)("config check names everything in %s that the older program did in another way", async (name) => {
  const older = join(dirname(installed(name)), "app_config.toml");
  copyFileSync(FOLDER + name, older);
  chmodSync(older, 0o600);
  // A line of the file, of the warnings that compare both programs.
  const linesOf = (texts: string[]): string[] => texts.map((text) => /toml:(\d+):/.exec(text)?.[1] ?? "");
  const compared = (await check(older)).warnings.filter((each) => /older program|now has an effect/.test(each));
  const { warnings, notes } = await check(installed(name));
  const named = [...warnings, ...notes].flatMap((text) => [
    ...linesOf([text]),
    ...(/See also lines? (.*)\.$/.exec(text)?.[1]?.split(/\D+/) ?? []),
  ]);
  expect(named).toEqual(expect.arrayContaining(linesOf(compared)));
});

test("config check of a new file does not compare it with the older program", async () => {
  const config = join(scratchFolder(onTestFinished), "postern.toml");
  const tls = `[server.ssl]\nenabled = true\ncert_file = "${issued!.certificate}"\nkey_file = "${issued!.key}"\n`;
  const route = '[[proxy]]\npath = "/api/*"\ntarget = "http://localhost:3000"\n';
  writeFileSync(config, `${tls}[server.ssl.redirect]\nenabled = true\n${route}`, { mode: 0o600 });
  const { warnings, notes, text } = await check(config);
  expect([...warnings, ...notes].join("\n")).not.toMatch(/older|now has/);
  expect(notes).toEqual([
    `${config}:6:1: The gateway redirects HTTP requests to HTTPS on port 8443.`,
    `${config}:8:1: /api/* matches /api and everything below /api/, but not /apix.`,
  ]);
  expect(text).toContain("note     ");
});

test("config check names each pair of routes for which the order of the file made a difference", async () => {
  const config = join(scratchFolder(onTestFinished), "old.toml");
  const route = (path: string): string => `[[proxy]]\npath = "${path}"\ntarget = "http://localhost:1"\n`;
  writeFileSync(config, ["/*", "/api/*", "/b", "/api/users"].map(route).join(""), { mode: 0o600 });
  const older = join(dirname(config), "app_config.toml");
  copyFileSync(config, older);
  chmodSync(older, 0o600);
  expect((await check(older)).warnings.filter((each) => each.includes("most specific"))).toHaveLength(3);
  const notes = (await check(config)).notes.filter((each) => each.includes("most specific"));
  expect(notes.map((note) => note.replaceAll(`${config}:`, "line "))).toEqual([
    "line 4: GET /api/example goes to /api/*, although /* (line 1) comes first: the most specific route is used, not the first one.",
    expect.stringMatching(/^line 7: GET \/b goes to \/b, although \/\* \(line 1\)/),
    expect.stringMatching(/^line 10: GET \/api\/users goes to \/api\/users, although \/\* \(line 1\)/),
  ]);
  expect((await check(installed("app_config.toml"))).warnings.join()).not.toContain("most specific");
});

test("a file that other machines cannot reach gets no warning about it", async () => {
  expect((await check(installed("loadbalancer.toml"))).warnings.join("\n")).not.toContain("Other machines");
});

test("config check refuses a missing variable of monitoring, which a gateway runs without a tunnel too", async () => {
  const config = join(scratchFolder(onTestFinished), "postern.toml");
  const file = (more: string): string =>
    `[[proxy]]\npath = "/"\ntarget = "http://a"\n[tunnel]\nenabled = false\n[tunnel.local_api]\n${more}metrics_token = "\${NOT_SET}"\n`;
  writeFileSync(config, file(""), { mode: 0o600 });
  expect(await check(config)).toMatchObject({ exit: 2, text: expect.stringContaining("NOT_SET") as string });
  writeFileSync(config, file("enabled = false\n"), { mode: 0o600 });
  expect((await check(config)).exit).toBe(0);
});

test.for([
  ["the certificate of the gateway", "ssl.toml", "certs/server.crt"],
  ["the wildcard certificate, without `enabled`", "ssl.toml", "certs/wildcard.crt"],
  ["the intermediate certificates", "ssl.toml", "certs/chain.pem"],
  ["a client certificate for targets", "ssl.toml", "certs/client.crt"],
])("a missing file fails the check: %s", async ([, name, file]) => {
  const config = installed(name!);
  rmSync(join(dirname(config), file!));
  const { exit, text } = await check(config);
  expect([exit, text]).toEqual([2, expect.stringMatching(new RegExp(`${file} cannot be read`))]);
});

test("a folder of static files that does not exist fails the check", async () => {
  const config = installed("example.toml");
  rmSync(join(dirname(config), "public"), { recursive: true });
  const { exit, text } = await check(config);
  expect([exit, text]).toEqual([2, expect.stringMatching(/The folder .*public does not exist \(.*example\.toml:2\)/)]);
});

test("config check names static files that no request reaches", async () => {
  const config = join(scratchFolder(onTestFinished), "postern.toml");
  const text = (path: string): string =>
    `[static_config]\ndirectory = "."\n[[proxy]]\npath = "${path}"\ntarget = "http://localhost:1"\n`;
  writeFileSync(config, text("/*"), { mode: 0o600 });
  expect((await check(config)).warnings.join("\n")).toContain("[static_config] serves nothing: the route /*");
  writeFileSync(config, text("/api/*"), { mode: 0o600 });
  expect((await check(config)).warnings.join("\n")).not.toContain("serves nothing");
});

test("a folder of logs cannot be served", async () => {
  const config = join(scratchFolder(onTestFinished), "postern.toml");
  const text = `[logging]\nfile_logging = true\nlogs_directory = "."\n[static_config]\ndirectory = "."\n`;
  writeFileSync(config, text, { mode: 0o600 });
  expect(await check(config)).toMatchObject({
    exit: 2,
    text: expect.stringContaining("is for logs or state") as string,
  });
});
