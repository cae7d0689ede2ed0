import { createServer } from "node:net";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Process } from "./process.ts";

/** Owns the processes and files of one row. Closing it ends the processes and removes the files. */
export class Stage {
  readonly dir = mkdtempSync(join(tmpdir(), "postern-bench-"));
  /** Rejects when a program of `start` ends unexpectedly, or when the stage is closed. */
  readonly broken: Promise<never>;
  #break: (error: Error) => void = () => {};
  #closers: (() => Promise<void> | void)[] = [];
  #closing: Promise<void> | undefined;
  /** Programs that `stop` has ended and whose exit is expected. */
  #expected = new WeakSet<Process>();
  #count = 0;

  constructor() {
    this.broken = new Promise((_, reject) => (this.#break = reject));
    this.broken.catch(() => {});
  }

  /** Starts a program that runs until `stop` or the end of the stage. */
  start(name: string, command: string, args: string[], options: StartOptions = {}): Process {
    const child = this.run(name, command, args, options);
    void child.exited.then(() => {
      if (!this.#closing && !this.#expected.has(child)) this.#break(new Error(child.obituary()));
    });
    return child;
  }

  /** Starts a program that may end at any time. */
  run(name: string, command: string, args: string[], options: StartOptions = {}): Process {
    if (this.#closing) throw new Error("the row was ended");
    const child = new Process({ name, command, args, log: join(this.dir, `${name}-${++this.#count}.log`), ...options });
    this.onClose(() => child.stop());
    return child;
  }

  /** Starts a script of bench/load with its settings as JSON. It may end at any time. */
  script(name: string, settings: unknown, options: StartOptions = {}): Process {
    const file = fileURLToPath(new URL(`load/${name}.ts`, import.meta.url));
    return this.run(name, process.execPath, [file, JSON.stringify(settings)], options);
  }

  /** Ends programs of this stage early. */
  async stop(...children: Process[]): Promise<void> {
    for (const child of children) this.#expected.add(child);
    await Promise.all(children.map((child) => child.stop()));
  }

  folder(name: string): string {
    const path = join(this.dir, `${name}-${++this.#count}`);
    mkdirSync(path);
    return path;
  }

  onClose(closer: () => Promise<void> | void): void {
    this.#closers.push(closer);
  }

  /** Ends everything, the latest first. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#clear());
  }

  async #clear(): Promise<void> {
    this.#break(new Error("the row was ended"));
    const errors: unknown[] = [];
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      try {
        await closer();
      } catch (error) {
        errors.push(error);
      }
    }
    rmSync(this.dir, { recursive: true, force: true });
    if (errors.length > 0) throw errors[0];
  }
}

export interface StartOptions {
  env?: Record<string, string>;
  netns?: string | undefined;
}

/** A port of 127.0.0.1 that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
