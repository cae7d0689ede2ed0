import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { drawCharts, missingFigures } from "./charts/charts.ts";
import { OUTPUT } from "./measure/profile.ts";
import type { Line } from "./row.ts";
import type { Settings } from "./settings.ts";
import { BRIEF_COLUMNS, COMPARISON_COLUMNS, table } from "./table.ts";

const README = fileURLToPath(new URL("README.md", import.meta.url));
const PERFORMANCE = fileURLToPath(new URL("../docs/performance.md", import.meta.url));
const CHARTS = fileURLToPath(new URL("../docs/performance/", import.meta.url));
const BEGIN = "<!-- table: written by `npm run bench -- --write` -->";
const END = "<!-- end of table -->";

/** What a run measured, and where. */
export interface Results {
  /** The day, the rounds, the machine, and its load before the run. */
  conditions: string;
  lines: Line[];
}

/** The results as Markdown. */
export function asText({ conditions, lines }: Results, { against }: Pick<Settings, "against">): string {
  return `${conditions}\n\n${table(lines, against === undefined ? undefined : COMPARISON_COLUMNS)}`;
}

/** Returns the path in bench/.out, without its extension, to which a run saves its results. */
export function newRecord(): string {
  return `${OUTPUT}${new Date().toISOString().replace(/[:.]/g, "-").slice(0, 19)}`;
}

/** Saves the table and every measurement. */
export function save(record: string, results: Results, settings: Settings): void {
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(`${record}.md`, `${asText(results, settings)}\n`);
  writeFileSync(`${record}.json`, JSON.stringify({ ...results, settings }, null, 1));
}

/** Reads the results that `save` wrote. */
export function readRecord(file: string): Results {
  return JSON.parse(readFileSync(file, "utf8")) as Results;
}

/**
 * The results of the first run, in which the rows of later runs replace those of earlier ones. So a failed row does not
 * cost a second complete run.
 */
export function merge([first, ...later]: Results[]): Results {
  if (first === undefined) throw new Error("there are no results");
  return later.reduce((earlier, next) => {
    const names = new Set(next.lines.map(({ row }) => row));
    const lines: Line[] = [];
    for (const each of earlier.lines) {
      if (!names.has(each.row)) lines.push(each);
      // All lines of a row are adjacent; the first one marks its place.
      else if (lines.at(-1)?.row !== each.row) lines.push(...next.lines.filter(({ row }) => row === each.row));
    }
    return { conditions: `${earlier.conditions}\n\n${[...names].join(", ")}: ${next.conditions}`, lines };
  }, first);
}

/** Writes the table into bench/README.md, and the charts and a shorter table into docs/performance. */
export async function writePages(results: Results): Promise<void> {
  mkdirSync(CHARTS, { recursive: true });
  const missing = missingFigures(results.lines);
  if (missing.length > 0) console.error(`not measured, and marked in the charts: ${missing.join(", ")}`);
  for (const { file, svg } of drawCharts(results.lines)) writeFileSync(`${CHARTS}${file}`, svg);
  await writeTable(README, asText(results, { against: undefined }));
  await writeTable(PERFORMANCE, `${results.conditions}\n\n${table(compared(results.lines), BRIEF_COLUMNS)}`);
}

/** The lines with a figure to compare with. */
function compared(lines: Line[]): Line[] {
  return lines.filter(({ yardstick }) => yardstick !== "").map((each) => ({ ...each, note: "" }));
}

/** Replaces the table of a page, and formats the page. */
async function writeTable(file: string, text: string): Promise<void> {
  const page = readFileSync(file, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the markers around its table (${BEGIN} … ${END})`);
  const written = `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
  writeFileSync(file, await format(written, { ...(await resolveConfig(file)), filepath: file }));
}
