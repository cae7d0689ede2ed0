import { readdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { Cleanup } from "../cleanup.js";
import { ProcessBaseline } from "./process-baseline.js";
import { inheritedEnvironment, Program } from "./program.js";

const run = (script: string, env?: Record<string, string>): Program =>
  new Program(onTestFinished, process.execPath, { args: ["-e", script], ...(env && { env }) });

test("collects the output and the exit code", async () => {
  const program = run("console.log('out'); console.error('err'); process.exitCode = 3");
  await program.ends(3);
  expect([program.stdout, program.stderr]).toEqual(["out\n", "err\n"]);
});

test("an unexpected exit code fails with the output in the message", async () => {
  await expect(run("console.log('what happened'); process.exitCode = 3").ends(0)).rejects.toThrow(
    /ended with 3, not 0\n[^]*what happened/,
  );
});

test("waiting fails as soon as the process has ended", async () => {
  const program = run("console.log('bye')");
  await expect(program.waitFor("a miracle", () => false)).rejects.toThrow(/ended \(0\) before a miracle[^]*bye/);
});

test("the clean-up ends a process that a test left running, even if another part of the clean-up fails", async () => {
  const cleanup = new Cleanup();
  const program = new Program(cleanup.defer, process.execPath, { args: ["-e", "setInterval(() => {}, 1000)"] });
  cleanup.defer(() => Promise.reject(new Error("something else went wrong")));
  const { pid } = program;
  await expect(cleanup.run()).rejects.toThrow("cleaning up failed");
  expect(readdirSync("/proc")).not.toContain(String(pid));
  await cleanup.run();
});

test("a command that does not exist fails with its name", async () => {
  const program = new Program(onTestFinished, "no-such-command-here");
  await program.exited;
  expect(() => program.pid).toThrow(/no-such-command-here did not start/);
});

test("the developer's environment does not configure started programs", async () => {
  process.env["POSTERN_API_KEY"] = "a key of the developer";
  onTestFinished(() => void delete process.env["POSTERN_API_KEY"]);
  const program = run("console.log(Object.keys(process.env).filter((name) => name.startsWith('POSTERN_')).join())");
  await program.ends(0);
  expect(program.stdout).toBe("\n");
  expect(inheritedEnvironment({ POSTERN_API_KEY: "given" })).toMatchObject({ POSTERN_API_KEY: "given" });
});

test("a baseline waits until the process has closed its additional files", async () => {
  const program = run(`
    const { openSync, closeSync } = require('node:fs');
    let files = [];
    process.on('SIGUSR2', () => { files = Array.from({ length: 9 }, () => openSync('/dev/null')); console.log('opened'); });
    process.on('SIGHUP', () => files.splice(0).forEach((file) => closeSync(file)));
    setInterval(() => {}, 1000); console.log('ready');
  `);
  await program.waitFor("ready", () => program.stdout.includes("ready"));
  const baseline = ProcessBaseline.take(program);
  await baseline.restored();
  program.signal("SIGUSR2");
  await program.waitFor("opened", () => program.stdout.includes("opened"));
  await expect(baseline.restored({ timeout: 100 })).rejects.toThrow(/open files/);
  program.signal("SIGHUP");
  await baseline.restored();
});
