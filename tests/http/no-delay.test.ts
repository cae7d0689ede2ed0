import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { needs, Published, scratchFolder, ServerProcess, startEchoOrigin, until } from "@postern/testkit";

test("every connection of a client disables Nagle's algorithm", async (context) => {
  needs(context, "strace");
  const trace = join(scratchFolder(onTestFinished), "trace");
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const prefix = ["strace", "-D", "-f", "-qq", "-e", "trace=connect,setsockopt", "-o", trace];
  const published = await Published.start(onTestFinished, echo.port, { server, prefix });
  expect((await published.visit("/")).status).toBe(200);
  await published.client.program.terminate();
  const calls = (): string => readFileSync(trace, "utf8");
  for (const port of [server.port, echo.port]) {
    // strace writes its output with a delay.
    const fd = await until(
      `a connection to ${port}`,
      () => new RegExp(`connect\\((\\d+), .*htons\\(${port}\\)`).exec(calls())?.[1],
    );
    expect(calls()).toMatch(new RegExp(`setsockopt\\(${fd}, SOL_TCP, TCP_NODELAY, \\[1\\]`));
  }
});
