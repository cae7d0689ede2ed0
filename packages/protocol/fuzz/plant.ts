import { cpSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Plant {
  /** The effect of the bug. */
  fault: string;
  /** The compiled file, a piece of its text, and the replacement. */
  file: string;
  right: string;
  wrong: string;
}

/** Bugs to plant. Tests check that the fuzzer finds each one. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  "cut-off": {
    fault: "A frame that is incomplete at the end of its message continues in the next.",
    file: "wire/frame-reader.js",
    right: "if (this.#left > 0 || this.#cut !== undefined)",
    wrong: "if (this.#left > 0)",
  },
  count: {
    fault: "Counts above 2^53 - 1 are accepted and lose their last bits.",
    file: "wire/frame-reader.js",
    right: "if (high > 0x1f_ffff)",
    wrong: "if (high > 0xff_ffff)",
  },
  window: {
    fault: "A peer may exceed its window by one byte.",
    file: "session/multiplexed-stream.js",
    right: "> window.limit",
    wrong: "> window.limit + 1",
  },
  unopened: {
    fault: "WINDOW for the next stream to be opened is ignored, as if the stream were over.",
    file: "session/stream-table.js",
    right: "id > this.#peerId",
    wrong: "id > this.#peerId + 2",
  },
  "after-close": {
    fault: "A session that has closed its transport continues to respond.",
    file: "session/session.js",
    right: "this.#sender.close();",
    wrong: "",
  },
  endless: {
    fault: "A GOAWAY without a reason is read endlessly.",
    file: "wire/frame-reader.js",
    right: "at += HEADER_SIZE + this.#length;",
    wrong: "at += this.#type === 4 && this.#length === 8 ? 0 : HEADER_SIZE + this.#length;",
  },
  internal: {
    fault: "RESET with an unknown error number is an internal error.",
    file: "errors.js",
    right: 'CODES.get(number) ?? "PN_INTERNAL"',
    wrong: "CODES.get(number).toString()",
  },
};

/** Copies the compiled package and plants the bug `name` in the copy. Returns the copy's fuzzer. */
export function plantedFuzzer(name: string): string {
  const plant = PLANTS[name];
  if (plant === undefined) throw new Error(`no plant ${name}; there are ${Object.keys(PLANTS).join(", ")}`);
  const from = fileURLToPath(new URL("..", import.meta.url));
  const to = join(mkdtempSync(join(realpathSync(tmpdir()), "postern-fuzz-")), "planted");
  for (const part of ["dist", "fuzz", "src", "package.json"])
    cpSync(join(from, part), join(to, part), { recursive: true });
  const path = join(to, "dist", plant.file);
  const text = readFileSync(path, "utf8");
  if (text.split(plant.right).length !== 2) throw new Error(`${plant.right} does not occur once in ${plant.file}`);
  writeFileSync(path, text.replace(plant.right, plant.wrong));
  return join(to, "fuzz", "decoder.ts");
}
