import { foldersOf } from "./real-path.js";

/** Fields of a line: device, root of the mount in its file system, mount point (proc(5), /proc/pid/mountinfo). */
const LINE = /^\d+ \d+ (\d+:\d+) (\S+) (\S+) /;
/** Blanks and backslashes in names. */
const ESCAPE = /\\([0-7]{3})/g;

interface Mount {
  readonly device: string;
  /** Without a slash at its end. */
  readonly root: string;
}

/**
 * Where paths are in their file systems. The same folder can have several paths, because it is mounted in several
 * places (`mount --bind`, volumes of containers).
 */
export class MountTable {
  /** By mount point, without a slash at its end. */
  readonly #mounts = new Map<string, Mount>();

  /** @param text of /proc/self/mountinfo, bytes in Latin-1; empty on other systems: then no place is known */
  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [, device, root, point] = LINE.exec(line) ?? [];
      // A later mount hides an earlier one.
      if (device !== undefined) this.#mounts.set(folder(point!), { device, root: folder(root!) });
    }
  }

  isMountPoint(realPath: string): boolean {
    return this.#mounts.has(realPath);
  }

  /** The device and the path on it, for a path without links; undefined if it is not known. */
  placeOf(realPath: string): string | undefined {
    for (const path of foldersOf(realPath, "").reverse()) {
      const mount = this.#mounts.get(path);
      if (mount !== undefined) return mount.device + mount.root + realPath.slice(path.length);
    }
    return undefined;
  }
}

function folder(text: string): string {
  const name = text.replace(ESCAPE, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return name === "/" ? "" : name;
}
