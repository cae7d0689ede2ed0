import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  exchange,
  inheritedEnvironment,
  needs,
  Origin,
  postern,
  POSTERN_BIN,
  Program,
  scratchFolder,
  ServerProcess,
  TEST_KEY,
} from "@postern/testkit";

test("postern http --password asks for the password at the terminal, and does not show it", async (context) => {
  needs(context, "script");
  const server = await ServerProcess.start(onTestFinished);
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  const folder = scratchFolder(onTestFinished);
  const keys = join(folder, "keys");
  execFileSync("mkfifo", [keys]);
  const http = `exec "${process.execPath}" "${POSTERN_BIN}" http ${origin.port} --server ${server.url} --subdomain asked --password`;
  const terminal = new Program(onTestFinished, "sh", {
    args: ["-c", 'exec script -qefc "$0" /dev/null < "$1"', http, keys],
    env: inheritedEnvironment({ POSTERN_API_KEY: TEST_KEY, TERM: "xterm", XDG_STATE_HOME: folder }),
  });
  const typing = createWriteStream(keys);
  onTestFinished(() => void typing.destroy());
  await terminal.waitFor("the question", () => terminal.stdout.includes("Password for visitors: "));
  typing.write("canary horse\r");
  await terminal.waitFor("the tunnel", () => terminal.stdout.includes("password page"));
  const ask = (path: string, body?: string): ReturnType<typeof exchange> =>
    exchange(server.port, {
      host: "asked.localhost",
      path,
      headers: { accept: "text/html" },
      ...(body === undefined ? {} : { method: "POST", body }),
    });
  const page = await ask("/");
  const [, action = ""] = /action="([^"]+)"/.exec(page.body.toString()) ?? [];
  expect((await ask(action, "password=canary+horse&to=/")).status).toBe(303);
  expect(terminal.output + server.program.output).not.toContain("canary");
});

test("postern http --password without a terminal says what to do instead", async () => {
  const program = postern(onTestFinished, ["http", "3000", "--server", "http://127.0.0.1:9", "--password"]);
  expect(await program.exited).toMatchObject({ code: 2 });
  expect(program.stderr).toContain("--password-file FILE");
});
