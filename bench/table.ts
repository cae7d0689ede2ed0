import type { Line } from "./row.ts";

/** Headings, and the fields shown below them. The last column is not padded. */
type Columns = [heading: string, field: Exclude<keyof Line, "row" | "raw" | "charts">][];

const COLUMNS: Columns = [
  ["measure", "measure"],
  ["Postern", "product"],
  ["yardstick", "yardstick"],
  ["ratio", "ratio"],
  ["bar", "bar"],
  ["", "result"],
  ["CPU: Postern / yardstick", "cpu"],
  ["V8's workers: CPU, mark-compacts", "collector"],
];

/** For readers who want to know what Postern costs. */
export const BRIEF_COLUMNS: Columns = [
  ["measure", "measure"],
  ["Postern", "product"],
  ["yardstick", "yardstick"],
  ["ratio", "ratio"],
];

/** For two builds of Postern. */
export const COMPARISON_COLUMNS: Columns = [
  ["measure", "measure"],
  ["this build", "product"],
  ["against", "yardstick"],
  ["ratio (95 % interval)", "ratio"],
  ["bar", "bar"],
  ["", "result"],
  ["same build twice (95 % interval)", "noise"],
];

/** The lines as a Markdown table, padded for reading in a terminal, with their notes below it. */
export function table(lines: Line[], columns: Columns = COLUMNS): string {
  const headings = columns.map(([heading]) => heading);
  const rows = lines.map((line) => columns.map(([, field]) => escape(line[field])));
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const join = (cells: string[]): string =>
    `| ${cells.map((cell, column) => (column === columns.length - 1 ? cell : cell.padEnd(widths[column]!))).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const notes = lines.filter(({ note }) => note !== "").map(({ measure, note }) => `- ${measure}: ${escape(note)}`);
  return [join(headings), rule, ...rows.map(join), ...(notes.length > 0 ? ["", "Notes:", "", ...notes] : [])].join(
    "\n",
  );
}

function escape(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
