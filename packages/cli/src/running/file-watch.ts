import { statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** How long a file must stand still before it counts as written, in milliseconds. */
const STILL = 250;
/** How often the file is looked at where the system tells nothing (network file systems), in milliseconds. */
const LOOK = 2_000;

export interface WatchedFiles {
  /** Other files are to be watched from now on; those that stay are not looked at anew. */
  replace(paths: readonly string[]): void;
  close(): void;
}

/** Calls `onChange` when one of these files was written anew. */
export function watchFiles(paths: readonly string[], onChange: () => void): WatchedFiles {
  const watches = new Map<string, () => void>();
  const replace = (wanted: readonly string[]): void => {
    for (const [path, end] of watches) {
      if (wanted.includes(path)) continue;
      end();
      watches.delete(path);
    }
    for (const path of wanted) if (!watches.has(path)) watches.set(path, watchFile(path, onChange));
  };
  replace(paths);
  return { replace, close: () => replace([]) };
}

/**
 * Calls `onChange` when the file at `path` was written anew: in place, by a rename over it, or by a link that leads elsewhere now.
 * Returns what ends it.
 */
function watchFile(path: string, onChange: () => void): () => void {
  let known = stamp(path);
  let settling: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (stamp(path) === known) return;
    clearTimeout(settling);
    const seen = stamp(path);
    settling = setTimeout(() => {
      // Still being written: the next look decides.
      if (stamp(path) !== seen) return look();
      known = seen;
      // A file that is away for the moment is about to be replaced.
      if (seen !== "") onChange();
    }, STILL).unref();
  };
  const watcher = watchFolder(dirname(path), (name) => {
    if (name === null || name === basename(path)) look();
  });
  const timer = setInterval(look, LOOK).unref();
  return () => {
    watcher?.close();
    clearTimeout(settling);
    clearInterval(timer);
  };
}

/** Of the folder: a rename puts another file in its place, which nobody would watch. None where the system has no watches left. */
function watchFolder(folder: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, (_, name) => onChange(name)).on("error", () => {});
  } catch {
    return undefined;
  }
}

/** What differs when the file does; empty when there is none, or nobody can look at it: links in a circle, a folder that was locked. */
function stamp(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "";
  }
}
