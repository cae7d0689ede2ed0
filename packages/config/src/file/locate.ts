import { parseTOML, type AST } from "toml-eslint-parser";
import type { Path } from "./path.js";

/** Position of a value. Line and column start at 1; the width is in columns. */
export interface Location {
  line: number;
  column: number;
  width: number;
}

type Container = AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable;

export type Document = AST.TOMLTopLevelTable;

/** Parses valid TOML for the positions of its values. */
export function documentOf(text: string): Document {
  return parseTOML(text).body[0];
}

/** Returns the position of the value at `path`, or of the innermost existing table around it. */
export function locate(document: Document, path: Path): Location | undefined {
  let best: { depth: number; node: AST.TOMLNode } | undefined;
  const offer = (depth: number, node: AST.TOMLNode): void => {
    if (best === undefined || depth > best.depth) best = { depth, node };
  };
  lookInto(document, path, 0, offer);
  if (best === undefined) return undefined;
  const { start, end } = best.node.loc;
  const width = start.line === end.line ? Math.max(1, end.column - start.column) : 1;
  return { line: start.line, column: start.column + 1, width };
}

/** Calls `offer` with the nodes of `table` that lie on `path`. The first `depth` parts of `path` lead to `table`. */
function lookInto(
  table: Container,
  path: Path,
  depth: number,
  offer: (depth: number, node: AST.TOMLNode) => void,
): void {
  for (const child of table.body) {
    if (child.type === "TOMLTable") {
      const there = shared(child.resolvedKey, path);
      if (there === Math.min(child.resolvedKey.length, path.length)) offer(there, child.key);
      if (there === child.resolvedKey.length) lookInto(child, path, there, offer);
      continue;
    }
    const keys = child.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
    const there = shared(keys, path.slice(depth));
    if (there < Math.min(keys.length, path.length - depth) || there === 0) continue;
    offer(depth + there, child.key);
    if (there === keys.length) lookIntoValue(child.value, path, depth + there, offer);
  }
}

function lookIntoValue(
  value: AST.TOMLContentNode,
  path: Path,
  depth: number,
  offer: (depth: number, node: AST.TOMLNode) => void,
): void {
  if (value.type === "TOMLInlineTable") return lookInto(value, path, depth, offer);
  const index = path[depth];
  if (value.type !== "TOMLArray" || typeof index !== "number") return;
  const element = value.elements[index];
  if (element === undefined) return;
  offer(depth + 1, element);
  lookIntoValue(element, path, depth + 1, offer);
}

/** Returns the length of the common prefix of two paths. */
function shared(a: Path, b: Path): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
