import { execFileSync } from "node:child_process";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { inheritedEnvironment, Program, type Defer } from "@postern/testkit";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "packages/cli/bin/postern.js");

/** An example of a page: its name in the tests, its language, and a pattern that only this example matches. */
export type Example = [name: string, language: "sh" | "toml" | "js" | "nginx" | "ini", mark: RegExp];

/** A page of the documentation. Tests run all its examples, except blocks of the language `text`. */
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
   * Returns an example with values of the test instead of the reader's. Every replaced text must occur in the example.
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

const PRELUDE = `npx() { [ "$1" = postern ] && shift && exec "${process.execPath}" "${BIN}" "$@"; }\n`;

/** Runs shell text as written. `npx postern` runs the command of this tree. */
export function shell(defer: Defer, cwd: string, text: string): Program {
  return new Program(defer, "sh", { args: ["-euc", PRELUDE + text], cwd, env: inheritedEnvironment() });
}

/** The same at a terminal (`script`), where `answer` is typed when it shows `question`. */
export async function shellWithAnswer(
  defer: Defer,
  cwd: string,
  text: string,
  { question, answer }: { question: string; answer: string },
): Promise<Program> {
  const keys = join(cwd, "keys");
  execFileSync("mkfifo", [keys]);
  writeFileSync(join(cwd, "commands.sh"), PRELUDE + text);
  const program = new Program(defer, "sh", {
    args: ["-c", 'exec script -qefc "sh -eu commands.sh" /dev/null < "$0"', keys],
    cwd,
    env: inheritedEnvironment({ TERM: "xterm", XDG_STATE_HOME: cwd }),
  });
  const typing = createWriteStream(keys);
  defer(async () => void typing.destroy());
  await program.waitFor("the question", () => program.stdout.includes(question));
  typing.write(`${answer}\r`);
  return program;
}
