import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { beforeAll, afterAll, describe, expect, onTestFinished, test, type TestContext } from "vitest";
import { needsOlderNode } from "@postern/testkit";

/**
 * A substitute for the real command. It prints each signal that it receives, stops at SIGTERM, and ends as its first
 * argument specifies.
 */
const COMMAND = `
export async function main([how]) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => console.log(signal));
  process.on("SIGTERM", () => process.exit(0));
  console.log("ready " + process.version + " " + process.pid + " " + (process.env.POSTERN_LAUNCHED ?? "no mark"));
  if (how === "exit") process.exit(7);
  if (how === "die") process.kill(process.pid, "SIGKILL");
  if (how === "wait") setInterval(() => {}, 1000);
}`;

let folder: string;
let bin: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "postern-launcher-")));
  bin = commandIn(join(folder, "whole"));
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(join(folder, "whole", "node_modules"));
  const bundled = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  symlinkSync(bundled, join(folder, "whole", "node_modules", name));
});
afterAll(() => rmSync(folder, { recursive: true }));

function commandIn(place: string): string {
  mkdirSync(join(place, "bundle"), { recursive: true });
  mkdirSync(join(place, "bin"));
  cpSync(fileURLToPath(new URL("../bin/postern.js", import.meta.url)), join(place, "bin", "postern.js"));
  writeFileSync(join(place, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(place, "bundle", "main.js"), COMMAND);
  return join(place, "bin", "postern.js");
}

const olderNode = (context: TestContext): string => needsOlderNode(context, 24);

class Launched {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  lines: string[] = [];
  #onLine: (() => void) | undefined;

  constructor(node: string, how: string) {
    this.process = spawn(node, [bin, how], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void this.process.kill("SIGKILL"));
    let text = "";
    this.process.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      this.lines = text.split("\n").slice(0, -1);
      this.#onLine?.();
    });
    // Emitted only when both the launcher and the child have ended.
    this.ended = new Promise((resolve) => this.process.once("close", (code, signal) => resolve({ code, signal })));
  }

  async until(met: () => boolean): Promise<void> {
    while (!met()) await new Promise<void>((resolve) => (this.#onLine = resolve));
  }
}

describe("with an old Node", () => {
  test("the command runs with the Node that npm installed, without the launcher's environment variable", async (context) => {
    const launched = new Launched(olderNode(context), "exit");
    expect(await launched.ended).toEqual({ code: 7, signal: null });
    expect(launched.lines).toEqual([expect.stringMatching(/^ready v24\..* no mark$/)]);
  });

  test("the launcher dies by the signal that ended the command", async (context) => {
    expect(await new Launched(olderNode(context), "die").ended).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("each signal reaches the command once", async (context) => {
    const launched = new Launched(olderNode(context), "wait");
    await launched.until(() => launched.lines.length === 1);
    const signals = ["SIGINT", "SIGHUP", "SIGUSR2", "SIGINT", "SIGTERM"] as const;
    for (const [index, signal] of signals.entries()) {
      launched.process.kill(signal);
      await launched.until(() => launched.lines.length === index + 2);
    }
    expect(launched.lines.slice(1)).toEqual(signals);
  });

  test("Ctrl-C, which goes to the whole process group, reaches the command once", async (context) => {
    const node = olderNode(context);
    const script = `import { spawn } from "node:child_process";
      spawn(${JSON.stringify(node)}, [${JSON.stringify(bin)}, "wait"], { stdio: "inherit" });
      process.on("SIGINT", () => {});`;
    const shell = spawn(process.execPath, ["--input-type=module", "-e", script], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    const printed = async (part: string): Promise<void> => {
      while (!text.includes(part)) await new Promise((resolve) => shell.stdout.once("data", resolve));
    };
    shell.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const group = -(shell.pid ?? 0);
    const over = new Promise((resolve) => shell.once("close", resolve));
    onTestFinished(async () => {
      if (shell.exitCode === null) process.kill(group, "SIGKILL");
      await over;
    });
    await printed("ready");
    process.kill(group, "SIGINT");
    await printed("SIGINT");
    // A second SIGINT would have been printed before this.
    const child = Number(text.split(" ")[2]);
    process.kill(child, "SIGTERM");
    await printed("SIGTERM");
    expect(text.split("\n").slice(1)).toEqual(["SIGINT", "SIGTERM", ""]);
  });

  test("the command stops when its launcher is killed", async (context) => {
    const launched = new Launched(olderNode(context), "wait");
    await launched.until(() => launched.lines.length === 1);
    launched.process.kill("SIGKILL");
    await launched.ended;
    expect(launched.lines.slice(1)).toEqual(["SIGTERM"]);
  });

  test("without the Node that npm installs, the message names what to install", (context) => {
    const alone = commandIn(join(folder, "alone"));
    const { status, stdout, stderr } = spawnSync(olderNode(context), [alone, "demo"], { encoding: "utf8" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/needs Node\.js 24 or newer; this is \d+\..*nodejs\.org/s);
  });
});

test("with a new enough Node, the command runs in the same process", async () => {
  const launched = new Launched(process.execPath, "exit");
  expect(await launched.ended).toEqual({ code: 7, signal: null });
  expect(launched.lines).toEqual([`ready ${process.version} ${launched.process.pid} no mark`]);
});

test("a copy that is not built is reported", () => {
  const place = join(folder, "not-built");
  const notBuilt = commandIn(place);
  rmSync(join(place, "bundle"), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [notBuilt], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("not built");
});
