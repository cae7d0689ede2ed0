import { statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** A file counts as written when it has not changed for this long, in milliseconds. */
const SETTLE_TIME = 250;
/** Milliseconds between two polls, for file systems that send no notifications (NFS). */
const POLL_INTERVAL = 2_000;

export interface WatchedFiles {
  /** Watches these files from now on. A file that was already watched keeps its known state. */
  replace(paths: readonly string[]): void;
  close(): void;
}

/** Calls `onChange` after one of these files has changed. */
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
 * Calls `onChange` after the file at `path` was written in place, replaced by a rename, or reached through a changed
 * symbolic link. Returns a function that stops the watch.
 */
function watchFile(path: string, onChange: () => void): () => void {
  let known = stamp(path);
  let settling: NodeJS.Timeout | undefined;
  const check = (): void => {
    if (stamp(path) === known) return;
    clearTimeout(settling);
    const seen = stamp(path);
    settling = setTimeout(() => {
      // The file is still being written.
      if (stamp(path) !== seen) return check();
      known = seen;
      // A missing file is about to be replaced.
      if (seen !== "") onChange();
    }, SETTLE_TIME).unref();
  };
  const watcher = watchFolder(dirname(path), (name) => {
    if (name === null || name === basename(path)) check();
  });
  const timer = setInterval(check, POLL_INTERVAL).unref();
  return () => {
    watcher?.close();
    clearTimeout(settling);
    clearInterval(timer);
  };
}

/**
 * Watches the folder, because a watch on the file would not detect its replacement. Undefined when the system has no
 * watches left.
 */
function watchFolder(folder: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, (_, name) => onChange(name)).on("error", () => {});
  } catch {
    return undefined;
  }
}

/** A text that changes when one of these files changes. */
export function stateOf(paths: readonly string[]): string {
  return paths.map(stamp).join("\n");
}

/** A text that changes when the file changes; empty when the file is missing or cannot be read. */
function stamp(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "";
  }
}
