import { stat } from "node:fs/promises";
import { SecretFiles } from "./disk/secret-files.js";
import { isHidden } from "./file-path.js";
import type { Found } from "./found.js";
import type { FilesOptions } from "./files-options.js";

/**
 * Why nothing is served at a path: a name in it is hidden; there is nothing, or a folder without an index file; it is
 * no regular file; a link leads out of the folder; it is a secret file; the disk does not permit to read it.
 */
export type MissingReason = "hidden" | "absent" | "no_index" | "special" | "outside" | "secret" | "unreadable";

/** Looks up what a folder with these options serves at a path. */
export type LookUp = (options: FilesOptions, secrets: SecretFiles, path: string) => Promise<Found>;

/**
 * Finds out which rule keeps a file from being served, by leaving out one rule after the other.
 * @param path at which nothing was found, from `filePath`
 */
export async function missingReason(
  options: FilesOptions,
  secrets: SecretFiles,
  path: string,
  lookUp: LookUp,
): Promise<MissingReason> {
  if (options.dotfiles !== true && isHidden(path)) return "hidden";
  const isServed = async (allowed: Partial<FilesOptions>, refused = secrets): Promise<boolean> =>
    (await lookUp({ ...options, ...allowed }, refused, path)) !== "missing";
  if (await isServed({ browse: true })) return "no_index";
  if (await isServed({ followLinks: true })) return "outside";
  if (await isServed({ browse: true, followLinks: true }, new SecretFiles({ paths: [] }))) return "secret";
  try {
    const stats = await stat(Buffer.concat([Buffer.from(options.directory), Buffer.from(path, "latin1")]));
    return stats.isFile() || stats.isDirectory() ? "unreadable" : "special";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "unreadable" : "absent";
  }
}
