import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { claimPort, exchange, needsRoot, postern, scratchFolder, StartProcess } from "@postern/testkit";
import { lines, linesOf, serve } from "./access-log-gateway.ts";

describe("a log that cannot be written does not stop the gateway, and its lost lines are counted", () => {
  /** The figures of the log, from the metrics of the local API. */
  async function figures(api: number): Promise<{ lines: number; dropped: number }> {
    const { body } = await exchange(api, { host: `127.0.0.1:${api}`, path: "/metrics" });
    const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(body.toString())?.[1]);
    return { lines: value("postern_access_log_lines_total"), dropped: value("postern_access_log_dropped_lines_total") };
  }

  const WARNING = /access log .* cannot be written as fast as requests arrive: \d+ lines? dropped so far/;

  /** A gateway whose standard output is what the shell makes of `redirection`. */
  async function redirected(
    redirection: string,
  ): Promise<{ port: number; api: number; program: ReturnType<typeof postern> }> {
    const folder = scratchFolder(onTestFinished);
    const [port, api] = [await claimPort(), await claimPort()];
    const file = join(folder, "postern.toml");
    const respond = '[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n';
    const local = `[server]\nlisten = "127.0.0.1:${port}"\n[tunnel.local_api]\nlisten = "127.0.0.1:${api}"\n[tunnel.monitoring]\ncollect_metrics = true\n`;
    writeFileSync(file, `[logging.access]\nenabled = true\noutput = "console"\n${local}${respond}`, { mode: 0o600 });
    const prefix = ["sh", "-c", `mkfifo unread; exec "$@" ${redirection}`, "sh"];
    const program = postern(onTestFinished, ["serve", "--config", file], { prefix, cwd: folder });
    await program.waitFor("the gateway", async () => (await exchange(port, { host: "a" })).status === 200);
    return { port, api, program };
  }

  test.for([
    ["a pipe that nobody reads", "1<>unread"],
    ["a full device", ">/dev/full"],
  ])("%s", async ([, redirection]) => {
    const { port, api, program } = await redirected(redirection!);
    const headers = { "user-agent": "x".repeat(500), referer: "y".repeat(2_000) };
    await program.waitFor("dropped lines", async () => {
      const asked = Array.from({ length: 50 }, () => exchange(port, { host: "a", headers }));
      for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
      return (await figures(api)).dropped > 0;
    });
    expect(program.stderr.match(new RegExp(WARNING, "g"))).toHaveLength(1);
    const { lines: written, dropped } = await figures(api);
    expect(dropped).toBeLessThanOrEqual(written);
    await program.terminate();
  });

  test("a full disk, and lines again when there is room", async (context) => {
    needsRoot(context);
    const folder = scratchFolder(onTestFinished);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    onTestFinished(async () => void execFileSync("umount", ["-l", folder]));
    const api = await claimPort();
    const local = `[tunnel.local_api]\nlisten = "127.0.0.1:${api}"\n[tunnel.monitoring]\ncollect_metrics = true\n`;
    const options = `[server]\nlisten = "127.0.0.1:0"\n[logging.access]\nenabled = true\nrotate = false\nfile = "${folder}/access.log"\n`;
    const start = StartProcess.launch(
      onTestFinished,
      `${options}${local}[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n`,
      {},
      ["serve"],
    );
    const port = await start.gatewayPort();
    const ask = async (path: string): Promise<void> => {
      const headers = { "user-agent": "x".repeat(500), referer: "y".repeat(2_000) };
      const asked = Array.from({ length: 100 }, () => exchange(port, { host: "a", path, headers }));
      for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    };
    await start.program.waitFor("dropped lines", async () => {
      await ask("/lost");
      return (await figures(api)).dropped > 0;
    });
    await start.program.waitFor("the warning", () => WARNING.test(start.program.stderr));
    execFileSync("mount", ["-o", "remount,size=16m", folder]);
    await start.program.waitFor("lines again", async () => {
      await ask("/kept");
      return readFileSync(join(folder, "access.log"), "utf8").includes("/kept");
    });
    for (const line of linesOf(join(folder, "access.log"))) expect(line).toMatch(/^127\.0\.0\.1 - - \[.*" "x{500}"$/);
    await start.program.terminate();
  });

  test("a read-only folder is refused at the start", async (context) => {
    needsRoot(context);
    const folder = scratchFolder(onTestFinished);
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", folder]);
    onTestFinished(async () => void execFileSync("umount", ["-l", folder]));
    const config = `[logging.access]\nenabled = true\nfile = "${folder}/access.log"\n[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n`;
    const start = StartProcess.launch(onTestFinished, config, {}, ["serve", "--listen", "127.0.0.1:0"]);
    await start.program.ends(2);
    expect(start.program.stderr).toMatch(/PN_LOG_UNWRITABLE[^]*another `file`/);
  });

  test("a folder that becomes read-only: no new file, but the gateway goes on", async (context) => {
    needsRoot(context);
    const folder = scratchFolder(onTestFinished);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    onTestFinished(async () => void execFileSync("umount", ["-l", folder]));
    const { start, ask } = await serve(
      `[logging.access]\nenabled = true\nfile = "${folder}/access.log"\n[[proxy]]\npath = "/*"\nrespond = { status = 200, text = "a" }\n`,
    );
    await ask("/1");
    await lines(join(folder, "access.log"), 1);
    renameSync(join(folder, "access.log"), join(folder, "moved.log"));
    // The open file can be written, but no other one.
    execFileSync("mount", ["--bind", folder, folder]);
    onTestFinished(async () => void execFileSync("umount", ["-l", folder]));
    execFileSync("mount", ["-o", "remount,ro,bind", folder]);
    start.program.signal("SIGHUP");
    await start.status("reloaded");
    await ask("/2");
    expect(await lines(join(folder, "moved.log"), 2)).toHaveLength(2);
  });
});
