import { cpSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Plant {
  /** What is wrong then, and how it would be met. */
  fault: string;
  /** The compiled file, a piece of it, and what stands there instead. */
  file: string;
  right: string;
  wrong: string;
}

/** Bugs to be planted: a fuzzer that finds none of them finds nothing. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  "cut-off": {
    fault: "A frame that is cut off by the end of its message goes on in the next.",
    file: "wire/frame-reader.js",
    right: "if (this.#left > 0 || this.#cut !== undefined)",
    wrong: "if (this.#left > 0)",
  },
  count: {
    fault: "Counts above 2^53 - 1 are taken, and lose their last bits.",
    file: "wire/frame-reader.js",
    right: "if (high > 0x1f_ffff)",
    wrong: "if (high > 0xff_ffff)",
  },
  window: {
    fault: "A peer may send one byte more than its window.",
    file: "session/multiplexed-stream.js",
    right: "> window.limit",
    wrong: "> window.limit + 1",
  },
  unopened: {
    fault: "WINDOW of the stream that would be opened next is taken for one that is over.",
    file: "session/stream-table.js",
    right: "id > this.#peerId",
    wrong: "id > this.#peerId + 2",
  },
  "after-close": {
    fault: "A session that has closed its transport answers on.",
    file: "session/session.js",
    right: "this.#sender.close();",
    wrong: "",
  },
  endless: {
    fault: "A GOAWAY without a reason is read again and again.",
    file: "wire/frame-reader.js",
    right: "at += HEADER_SIZE + this.#length;",
    wrong: "at += this.#type === 4 && this.#length === 8 ? 0 : HEADER_SIZE + this.#length;",
  },
  internal: {
    fault: "A reset of an own stream with an error number that nobody knows is a fault of ours.",
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
