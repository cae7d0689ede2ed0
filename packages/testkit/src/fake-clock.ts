import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Defer } from "./cleanup.js";
import { scratchFolder } from "./scratch-folder.js";

const MACHINE = { x64: "x86_64", arm64: "aarch64" }[process.arch as "x64" | "arm64"];
/** The library that changes the time of day that a process sees. */
export const FAKETIME = `/usr/lib/${MACHINE}-linux-gnu/faketime/libfaketime.so.1`;

/**
 * Sets the time of day of processes that are started with `env`. Their monotonic clock is not changed, as when a real
 * clock is set.
 */
export class FakeClock {
  readonly #file: string;

  constructor(defer: Defer) {
    this.#file = join(scratchFolder(defer), "clock");
    this.set("+0");
  }

  get env(): Record<string, string> {
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Sets the offset from the true time, as in `+3d` or `-1h`. */
  set(offset: string): void {
    writeFileSync(this.#file, `${offset}\n`);
  }
}
