import { readFileSync, readdirSync } from "node:fs";
import type { Program } from "./program.js";
import { until, type UntilOptions } from "../until.js";

// Node and malloc keep memory for reuse after a burst. Leaked bodies would be many times this.
const MEMORY_SLACK = 256 * 1024 * 1024;

interface ProcessFigures {
  openFiles: number;
  residentBytes: number;
}

/**
 * The resources of a process before a fault, to compare with those after it: `const baseline =
 * ProcessBaseline.take(server.program); …; await baseline.restored()`.
 */
export class ProcessBaseline {
  readonly #program: Program;
  readonly #before: ProcessFigures;

  private constructor(program: Program) {
    this.#program = program;
    this.#before = figures(program.pid);
  }

  static take(program: Program): ProcessBaseline {
    return new ProcessBaseline(program);
  }

  /** Waits until the process has no more file descriptors than before, and at most `slack` bytes more memory. */
  async restored({ slack = MEMORY_SLACK, ...options }: UntilOptions & { slack?: number } = {}): Promise<void> {
    const { openFiles, residentBytes } = this.#before;
    const { pid } = this.#program;
    const now = (): ProcessFigures => figures(pid);
    const details = (): string => `process ${pid} (${this.#program.command}) has ${JSON.stringify(now())}`;
    await until(`at most ${openFiles} open files`, () => now().openFiles <= openFiles, { details, ...options });
    const limit = residentBytes + slack;
    await until(`at most ${limit} bytes of memory`, () => now().residentBytes <= limit, { details, ...options });
  }

  /** Growth of the resident memory in bytes. */
  get growth(): number {
    return figures(this.#program.pid).residentBytes - this.#before.residentBytes;
  }
}

function figures(pid: number): ProcessFigures {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { openFiles: readdirSync(`/proc/${pid}/fd`).length, residentBytes: Number(resident) * 1024 };
}
