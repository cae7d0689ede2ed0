import { spawn, type ChildProcessByStdio } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Defer } from "../cleanup.js";
import { until } from "../until.js";

export interface ProgramOptions {
  args?: string[];
  cwd?: string;
  /**
   * The whole environment; nothing else is inherited. Default: this process's, without names that begin with POSTERN_.
   */
  env?: Record<string, string>;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const running = new Set<Program>();

/** The runtime folder of this test process's clients, separate from the developer's own clients. */
const RUNTIME_FOLDER = join(tmpdir(), `postern-test-run-${process.pid}`);

// The last resort: when a test process exits, it kills the programs that it started.
process.on("exit", () => {
  for (const program of running) program.signal("SIGKILL");
  rmSync(RUNTIME_FOLDER, { recursive: true, force: true });
});

/** A process of a test, with its output. It is killed when the test ends. */
export class Program {
  readonly command: string;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  constructor(defer: Defer, command: string, { args = [], cwd, env = inheritedEnvironment() }: ProgramOptions = {}) {
    this.command = [command, ...args].join(" ");
    this.#child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(this);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit): void => {
        running.delete(this);
        this.exit ??= exit;
        resolve(this.exit);
      };
      this.#child.once("error", (error) => {
        this.stderr += `${error.message}\n`;
        if (this.#child.pid === undefined) ended({ code: null, signal: null });
      });
      // Unlike "exit", "close" waits until the output has been read.
      this.#child.once("close", (code, signal) => ended({ code, signal }));
    });
    defer(() => this.kill());
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.command} did not start: ${this.stderr}`);
    return this.#child.pid;
  }

  /** Standard output and standard error together. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Kills the process at once and waits for its end. Idempotent. */
  async kill(): Promise<void> {
    if (this.exit === undefined) this.signal("SIGKILL");
    await this.exited;
  }

  /** Sends SIGTERM, as `kill` and systemd do, and waits for exit code 0. */
  async terminate(): Promise<void> {
    this.signal("SIGTERM");
    await this.ends(0);
  }

  /** Waits until the process ends by itself. Throws with its output when the exit code differs. */
  async ends(code: number, timeout = 25_000): Promise<void> {
    const details = (): string => this.#report();
    const exit = await until(`${this.command} to end`, () => this.exit, { timeout, details });
    if (exit.code !== code) throw new Error(`ended with ${exit.code ?? exit.signal}, not ${code}\n${details()}`);
  }

  /** Waits for `condition`. Throws at once when the process ends first. */
  async waitFor<T>(what: string, condition: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
    const outcome = await until<{ value: T } | Exit>(
      what,
      async () => {
        const value = await Promise.resolve()
          .then(condition)
          .catch(() => undefined);
        return value === undefined || value === false ? this.exit : { value };
      },
      { details: () => this.#report() },
    );
    if ("value" in outcome) return outcome.value;
    throw new Error(`${this.command} ended (${outcome.code ?? outcome.signal}) before ${what}\n${this.#report()}`);
  }

  #report(): string {
    return `--- ${this.command}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

/** This process's environment without variables that would configure Postern. */
export function inheritedEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("POSTERN_"),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1", XDG_RUNTIME_DIR: RUNTIME_FOLDER, ...more };
}
