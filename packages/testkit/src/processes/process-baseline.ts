import { readFileSync, readdirSync } from "node:fs";
import type { Program } from "./program.js";
import { until, type UntilOptions } from "../until.js";

// Node and malloc keep memory for reuse after a burst. Leaked bodies would be many times this.
const MEMORY_SLACK = 256 * 1024 * 1024;

interface ProcessFigures {
  openFiles: number;
  residentBytes: number;
  /** The largest resident memory since the process began. */
  peakBytes: number;
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

  /** The largest growth of the resident memory in bytes so far. */
  get peakGrowth(): number {
    return figures(this.#program.pid).peakBytes - this.#before.residentBytes;
  }
}

function figures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  const openFiles = readdirSync(`/proc/${pid}/fd`).length;
  return { openFiles, residentBytes: bytes("VmRSS"), peakBytes: bytes("VmHWM") };
}
