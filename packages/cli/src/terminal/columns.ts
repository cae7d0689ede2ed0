import { stripVTControlCharacters } from "node:util";

const GAP = "  ";

/** The width of each column of a table: that of its widest cell. Cells may have colours. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
}

/** The width of a line with these columns. */
export function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1);
}

/** A line of a table: a cell for each width, padded to it. */
export function alignedLine(cells: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, column) => {
      const cell = cells[column] ?? "";
      return cell + " ".repeat(Math.max(0, width - widthOf(cell)));
    })
    .join(GAP)
    .trimEnd();
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
