import { spawn, type ChildProcess } from "node:child_process";
import { openSync, closeSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { childrenOf } from "./measure/process-usage.ts";

/** Milliseconds between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 3000;

const living = new Set<Process>();

// No process started here may outlive the run, regardless of how the run ends.
process.on("exit", () => {
  for (const child of living) child.kill();
});

export interface ProcessOptions {
  name: string;
  command: string;
  args: string[];
  /** The file for standard error. Its end is shown when the process fails. */
  log: string;
  env?: Record<string, string>;
  /** The network namespace to run in. */
  netns?: string | undefined;
}

/** A program that the bench started. Its lines are read; it is ended by its process id. */
export class Process {
  readonly name: string;
  readonly pid: number;
  /** The exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  #child: ChildProcess;
  #log: string;
  #lines: string[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(options: ProcessOptions) {
    const { name, log } = options;
    // `ip netns exec` replaces itself with the command, so the process id is the program's.
    const [command, args] = options.netns
      ? ["ip", ["netns", "exec", options.netns, options.command, ...options.args]]
      : [options.command, options.args];
    const errors = openSync(log, "a");
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", errors], env: { ...process.env, ...options.env } });
    closeSync(errors);
    this.name = name;
    this.#log = log;
    this.pid = this.#child.pid ?? 0;
    living.add(this);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.#ended = true;
        living.delete(this);
        this.#wake();
        resolve(code);
      };
      this.#child.once("exit", end);
      this.#child.once("error", () => end(127));
    });
    // A program that has ended cannot read its input; `exited` reports the end.
    this.#child.stdin!.on("error", () => {});
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      // Only the latest lines matter, and a program that prints a lot must not fill the memory.
      if (this.#lines.push(line) > 1000) this.#lines.shift();
      this.#wake();
    });
  }

  /** Waits for the first line of standard output that `wanted` accepts. Throws when the process ends before. */
  async line(wanted: (line: string) => boolean): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex(wanted);
      if (at >= 0) return this.#lines.splice(0, at + 1)[at]!;
      if (this.#ended) throw new Error(this.obituary());
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Waits for the first line that is JSON, and parses it. */
  async report<T>(): Promise<T> {
    return JSON.parse(await this.line((line) => line.startsWith("{"))) as T;
  }

  /** Writes one line of JSON to its standard input. */
  send(message: object): void {
    this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  obituary(): string {
    return `${this.name} exited (code ${this.#child.exitCode ?? this.#child.signalCode}): ${tail(this.#log)}`;
  }

  get ended(): boolean {
    return this.#ended;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#ended) this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.kill(), KILL_AFTER_MS);
    await this.exited;
    clearTimeout(timer);
  }

  /** Kills the process at once together with its children; otherwise nginx's worker would survive. */
  kill(): void {
    if (this.#ended) return;
    for (const pid of childrenOf(this.pid)) endQuietly(pid);
    this.#child.kill("SIGKILL");
  }
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended.
  }
}

function tail(file: string): string {
  const text = readFileSync(file, "utf8").trim();
  return text === "" ? "it printed no error" : text.slice(-600);
}
