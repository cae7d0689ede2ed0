import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { OUTPUT } from "./measure/profile.ts";
import type { Line } from "./row.ts";
import type { Settings } from "./settings.ts";

const README = fileURLToPath(new URL("README.md", import.meta.url));
const BEGIN = "<!-- table: written by `npm run bench -- --write` -->";
const END = "<!-- end of table -->";

/** Saves the table and every measurement in bench/.out, and returns the table's file. */
export function save(text: string, lines: Line[], settings: Settings, machine: string): string {
  mkdirSync(OUTPUT, { recursive: true });
  const name = new Date().toISOString().replace(/[:.]/g, "-").slice(0, 19);
  writeFileSync(`${OUTPUT}${name}.md`, `${text}\n`);
  writeFileSync(`${OUTPUT}${name}.json`, JSON.stringify({ machine, settings, lines }, null, 1));
  return `${OUTPUT}${name}.md`;
}

/** Replaces the table in bench/README.md and formats the page. */
export async function writeReadme(text: string): Promise<void> {
  const page = readFileSync(README, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`bench/README.md lacks the markers around its table (${BEGIN} … ${END})`);
  const written = `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
  writeFileSync(README, await format(written, { ...(await resolveConfig(README)), filepath: README }));
}
