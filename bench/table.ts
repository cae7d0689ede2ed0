import type { Line } from "./row.ts";

const HEADINGS = ["measure", "Postern", "yardstick", "ratio", "bar", "", "CPU: Postern / yardstick", "note"];

/** The lines as a Markdown table, padded so that it reads as well in a terminal. */
export function table(lines: Line[]): string {
  const rows = lines.map((of) =>
    [of.measure, of.product, of.yardstick, of.ratio, of.bar, of.result, of.cpu, of.note].map(escape),
  );
  const widths = HEADINGS.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const join = (cells: string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column]!, column)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [join(HEADINGS), rule, ...rows.map(join)].join("\n");
}

/** The notes are long and last: padding them would only make lines longer. */
function pad(cell: string, width: number, column: number): string {
  return column === HEADINGS.length - 1 ? cell : cell.padEnd(width);
}

function escape(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
