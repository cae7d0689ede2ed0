import { readFileSync } from "node:fs";

/** Files that a process of the bench has open besides the connections of a row. */
const OTHERS = 500;

/** The most files that a process may open (`ulimit -n`). Node raises its own limit to the hard limit. */
export function openFilesLimit(): number {
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
}

/** Throws when a process cannot have this many connections. */
export function requireOpenFiles(connections: number): void {
  const limit = openFilesLimit();
  if (limit < connections + OTHERS)
    throw new Error(`needs ${connections + OTHERS} open files in a process; the hard limit (ulimit -Hn) is ${limit}`);
}
