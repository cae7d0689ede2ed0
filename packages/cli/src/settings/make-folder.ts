import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and the folders around it, unless they exist. Node's own recursive mkdir does not end in a folder that
 * can hold no other, such as /proc. @throws the system's error.
 * @param mode the permissions of new folders, regardless of the umask. Default: those that the umask leaves.
 */
export function makeFolder(path: string, mode?: number): void {
  try {
    make(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path), mode);
    make(path, mode);
  }
}

function make(path: string, mode?: number): void {
  try {
    mkdirSync(path, mode === undefined ? {} : { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory()) return;
    throw error;
  }
  if (mode !== undefined) chmodSync(path, mode);
}
