import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Defer } from "./cleanup.js";
import { scratchFolder } from "./scratch-folder.js";

const MACHINE = { x64: "x86_64", arm64: "aarch64" }[process.arch as "x64" | "arm64"];
/** The library that changes what a process thinks the time is. */
export const FAKETIME = `/usr/lib/${MACHINE}-linux-gnu/faketime/libfaketime.so.1`;

/** The time of day of processes that are started with its environment. How much time passes is told truly, as by a real clock that is set. */
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

  /** Sets it to so much after or before the true time, as in `+3d` or `-1h`. */
  set(offset: string): void {
    writeFileSync(this.#file, `${offset}\n`);
  }
}
