import type { FileSystem } from "./file-system.js";

/** A path as the system returned it: bytes in Latin-1, with slashes on every system. */
export function slashed(path: Buffer): string {
  const text = path.toString("latin1");
  return process.platform === "win32" ? text.replaceAll("\\", "/") : text;
}

/**
 * A path without links, bytes in Latin-1. If there is nothing at the path, that of its folder is used.
 * @param path bytes in UTF-8, absolute
 */
export async function realPathOf(path: string, fileSystem: FileSystem): Promise<string> {
  const bytes = Buffer.from(path);
  try {
    return slashed(await fileSystem.realpath(bytes));
  } catch {
    const text = slashed(bytes).replace(/\/+$/, "");
    const slash = text.lastIndexOf("/");
    try {
      const folder = slashed(await fileSystem.realpath(Buffer.from(text.slice(0, slash + 1), "latin1")));
      return folder.replace(/\/$/, "") + text.slice(slash);
    } catch {
      return text;
    }
  }
}

/** A path, and the folders above it up to `top`, which is above or equal to it: the uppermost first. */
export function foldersOf(path: string, top: string): string[] {
  const folders: string[] = [];
  for (let end = path.length; end > top.length; end = path.lastIndexOf("/", end - 1)) folders.push(path.slice(0, end));
  folders.push(top);
  return folders.toReversed();
}

/** Whether a path is that of a folder, or below it. */
export function isBelow(path: string, folder: string): boolean {
  if (folder === "/") return true;
  return path.startsWith(folder) && (path.length === folder.length || path.charAt(folder.length) === "/");
}
