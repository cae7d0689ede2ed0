import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { inheritedEnvironment, Program, type Defer } from "@postern/testkit";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "packages/cli/bin/postern.js");

/** An example of a page: its name in the tests, its language, and a pattern that only this example matches. */
export type Example = [name: string, language: "sh" | "toml" | "js" | "nginx" | "ini", mark: RegExp];

/** A page of the documentation. All its examples are run by tests; only blocks of language `text` are not. */
export class DocumentedPage {
  readonly text: string;
  readonly #examples = new Map<string, string>();

  /** `examples`: every example of the page, in page order. */
  constructor(path: string, examples: readonly Example[]) {
    this.text = readFileSync(join(ROOT, path), "utf8");
    const blocks = [...this.text.matchAll(/^```(sh|toml|js|nginx|ini)\n([^]*?)^```$/gm)];
    expect(blocks.length, `examples in ${path}; each one needs a test that runs it`).toBe(examples.length);
    for (const [index, [name, language, mark]] of examples.entries()) {
      const [, blockLanguage, text = ""] = blocks[index] ?? [];
      const block = text.trim();
      expect([path, blockLanguage]).toEqual([path, language]);
      expect(block).toMatch(mark);
      this.#examples.set(name, block);
    }
  }

  /**
   * Returns an example with values of the test in place of the reader's. Every replaced text must be in the example.
   */
  example(name: string, replacements: Record<string, string> = {}): string {
    const example = this.#examples.get(name) ?? "";
    expect(example, name).not.toBe("");
    return Object.entries(replacements).reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replaceAll(from, to);
    }, example);
  }

  /** Returns a text that the page contains between backticks. */
  quoted(text: string): string {
    expect(this.text).toContain(`\`${text}\``);
    return text;
  }
}

/** Runs shell text as written. `npx postern` runs the command of this tree. */
export function shell(defer: Defer, cwd: string, text: string): Program {
  const prelude = `npx() { [ "$1" = postern ] && shift && exec "${process.execPath}" "${BIN}" "$@"; }\n`;
  return new Program(defer, "sh", { args: ["-euc", prelude + text], cwd, env: inheritedEnvironment() });
}
