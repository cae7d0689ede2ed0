import { expect, onTestFinished, test } from "vitest";
import {
  exchange,
  inheritedEnvironment,
  needs,
  POSTERN_BIN,
  Program,
  ServerProcess,
  startEchoOrigin,
  TEST_KEY,
} from "@postern/testkit";

test("in a terminal, the last requests and the state are redrawn in place", async (context) => {
  needs(context, "script");
  const server = await ServerProcess.start(onTestFinished);
  const origin = await startEchoOrigin(onTestFinished);
  const command = `stty cols 100 rows 24; exec "${process.execPath}" "${POSTERN_BIN}" http ${origin.port} --server ${server.url} --subdomain seen`;
  const terminal = new Program(onTestFinished, "script", {
    args: ["-qefc", command, "/dev/null"],
    env: inheritedEnvironment({ POSTERN_API_KEY: TEST_KEY, TERM: "xterm" }),
  });
  await terminal.waitFor("the state", () => terminal.stdout.includes("● connected"));
  expect(terminal.stdout).toMatch(/Status page +http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}\r\n/);
  const host = `seen.localhost:${server.port}`;
  await exchange(server.port, { host, path: "/first" });
  await terminal.waitFor("a request", () => terminal.stdout.includes("/first"));
  await exchange(server.port, { host, path: "/second" });
  const redrawn = await terminal.waitFor("both", () => {
    const last = terminal.stdout.slice(terminal.stdout.lastIndexOf("\x1b[J", terminal.stdout.lastIndexOf("/second")));
    return last.includes("/first") && last.includes("/second") && last;
  });
  expect(redrawn).toContain("2 requests");
  await server.program.terminate();
  await terminal.waitFor("the other state", () => terminal.stdout.includes("● reconnecting"));
});

test("without a terminal, the output is plain lines", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const origin = await startEchoOrigin(onTestFinished);
  const piped = new Program(onTestFinished, process.execPath, {
    args: [POSTERN_BIN, "http", String(origin.port), "--server", server.url, "--subdomain", "piped"],
    env: inheritedEnvironment({ POSTERN_API_KEY: TEST_KEY }),
  });
  const host = `piped.localhost:${server.port}`;
  await piped.waitFor("the URL", () => piped.stdout.includes(host));
  await exchange(server.port, { host, path: "/plain" });
  await piped.waitFor("a line", () => piped.stdout.includes("/plain"));
  // eslint-disable-next-line no-control-regex
  expect(piped.stdout).not.toMatch(/\x1b/);
  // The token of the status page must not get into a log.
  expect(piped.stdout).toMatch(/Local API +http:\/\/127\.0\.0\.1:\d+\n/);
  expect(piped.output).not.toContain("token");
  await piped.terminate();
});
