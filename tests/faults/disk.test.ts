import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import {
  exchange,
  needsRoot,
  scratchFolder,
  startEchoOrigin,
  TOKEN_SECRET,
  type ClientProcess,
} from "@postern/testkit";
import { expectAccepted, freshIssuer, launch, refreshing, TokenServer } from "../login/token-server.ts";
import { ClosingCheck } from "./neighbour.ts";
import { finding } from "./size.ts";

/** A small file system. Root ignores modes, but not a full or a read-only file system. */
function mountSmall(context: TestContext): string {
  const folder = scratchFolder(onTestFinished);
  needsRoot(context);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", folder]);
  onTestFinished(async () => void execFileSync("umount", ["-l", folder]));
  return folder;
}

function fill(folder: string): void {
  const block = Buffer.alloc(4_096, "x");
  try {
    for (let number = 0; ; number += 1) writeFileSync(join(folder, `filler-${number}`), block);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  }
}

function clear(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith("filler")) rmSync(join(folder, name));
}

const states: [string, (folder: string) => void, (folder: string) => void][] = [
  ["full", fill, clear],
  [
    "read-only",
    (folder) => void execFileSync("mount", ["-o", "remount,ro", folder]),
    (folder) => void execFileSync("mount", ["-o", "remount,rw", folder]),
  ],
];

const renewals = (client: ClientProcess): number =>
  client.events.filter(({ type, data }) => type === "token_refresh" && data["state"] === "renewed").length;

test.for(states)(
  "a state directory that is %s: tokens are still renewed, the problem is reported, and the token is saved when possible",
  async ([, spoil, repair], context) => {
    const folder = mountSmall(context);
    mkdirSync(join(folder, "postern"));
    const issuer = Object.assign(await freshIssuer(3), { rotates: true });
    const server = await TokenServer.start(onTestFinished, `audience = "postern"\nsecret = "${TOKEN_SECRET}"`);
    const echo = await startEchoOrigin(onTestFinished);
    spoil(folder);
    const client = launch(server, {
      auth: refreshing(issuer),
      subdomain: "no-room",
      target: echo.port,
      env: { XDG_STATE_HOME: folder },
    });
    await expectAccepted(client);
    const check = await ClosingCheck.begin(onTestFinished, undefined, server.program, client.program);
    await client.program.waitFor("two renewals", () => renewals(client) >= 2);
    await client.program.waitFor("the failure to be reported", () => /cannot be stored/.test(client.program.output));
    expect((await exchange(server.port, { host: client.host, path: "/" })).status).toBe(200);
    repair(folder);
    const seen = renewals(client);
    await client.program.waitFor("one more renewal", () => renewals(client) > seen);
    const kept = (): string[] => readdirSync(join(folder, "postern")).filter((name) => name.endsWith(".json"));
    await client.program.waitFor("the refresh token to be stored", () =>
      kept().some((name) => readFileSync(join(folder, "postern", name), "utf8").includes(issuer.refreshToken)),
    );
    expect(client.count("tunnel_established")).toBe(1);
    finding(context, "tokens were still renewed; the refresh token was saved when the disk was writable again");
    await check.pass();
  },
);

test("log files on a full disk: the server keeps serving", async (context) => {
  const folder = mountSmall(context);
  const server = await TokenServer.start(onTestFinished, `audience = "postern"\nsecret = "${TOKEN_SECRET}"`, {
    POSTERN_LOGGING_FILE_LOGGING: "true",
    POSTERN_LOGGING_LOGS_DIRECTORY: folder,
    POSTERN_LOGGING_OUTPUT_MODE: "both",
  });
  const log = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".log"));
  expect(log().length).toBeGreaterThan(0);
  const check = await ClosingCheck.begin(onTestFinished, undefined, server.program);
  fill(folder);
  for (let visit = 0; visit < 50; visit += 1) expect(await server.healthy()).toBe(true);
  const stranger = launch(server, { token: "nobody", subdomain: "x" });
  await stranger.program.ends(3);
  clear(folder);
  expect(await server.healthy()).toBe(true);
  expect(existsSync(join(folder, log()[0]!))).toBe(true);
  finding(context, "every request was answered while the log was not writable");
  await check.pass();
});
