import type { Settings } from "../settings/configuration.js";
import { secretPaths, servedSecretsWarnings } from "./secret-paths.js";
import { readableFolder } from "./served-folders.js";

/** What a gateway needs to know about the folders that it serves. */
export interface CheckedFolders {
  /** Files and folders that are never served. */
  secretFiles: string[];
  warnings: string[];
}

/**
 * Checks folders to serve. Throws PN_FOLDER_UNREADABLE, and PN_CONFIG_INVALID for a folder of logs or state.
 * @param folders absolute paths, and what names each
 * @param files that are never served, besides those of the configuration
 */
export async function checkFolders(
  settings: Settings,
  folders: readonly { path: string; origin: string }[],
  files: readonly string[],
): Promise<CheckedFolders> {
  const roots: string[] = [];
  for (const { path, origin } of folders) roots.push(await readableFolder(path, origin));
  if (roots.length === 0) return { secretFiles: [], warnings: [] };
  const secretFiles = await secretPaths(settings, roots, files);
  return { secretFiles, warnings: await servedSecretsWarnings(roots, secretFiles, settings.env) };
}
