import { isHidden } from "./file-path.js";
import type { FilesOptions } from "./files-options.js";
import { DISK } from "./disk/file-system.js";
import { isBelow, slashed } from "./disk/real-path.js";
import { isMissing, RootFolder } from "./disk/root-folder.js";
import type { SecretFiles } from "./disk/secret-files.js";

/**
 * Why nothing is served at a path: a name in it is hidden; there is nothing, or a folder without an index file; it is
 * no regular file; a link leads out of the folder; it is a secret file; the disk does not permit to read it.
 */
export type MissingReason = "hidden" | "absent" | "no_index" | "special" | "outside" | "secret" | "unreadable";

/** @param path at which nothing was found, from `filePath` */
export async function missingReason(
  { directory, dotfiles, followLinks = false }: FilesOptions,
  secrets: SecretFiles,
  path: string,
): Promise<MissingReason> {
  if (dotfiles !== true && isHidden(path)) return "hidden";
  const folder = new RootFolder(directory, followLinks, secrets, DISK);
  try {
    const stats = await folder.stat(path);
    if (stats === undefined) return "absent";
    const realPath = slashed(await DISK.realpath(folder.pathOf(path)));
    const top = slashed(await DISK.realpath(folder.pathOf("/")));
    if (!followLinks && !isBelow(realPath, top)) return "outside";
    if (await folder.isSecret(path, realPath, stats)) return "secret";
    if (stats.isDirectory()) return "no_index";
    return stats.isFile() ? "unreadable" : "special";
  } catch (error) {
    return isMissing(error) ? "absent" : "unreadable";
  }
}
