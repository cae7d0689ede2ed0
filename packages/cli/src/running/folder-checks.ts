import type { FilesOptions } from "@postern/gateway/service";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { secretPaths, servedSecretsWarnings } from "./secret-paths.js";
import { missingPageWarnings, pagesOf, readableFolder } from "./served-folders.js";

/** A folder to serve. */
export interface NamedFolder {
  /** Absolute. */
  readonly path: string;
  /** What names it: a place in a file, a variable or a flag. */
  readonly origin: string;
  /** Pages in it: those for paths without a file. */
  readonly pages: readonly string[];
}

/** What a gateway needs to know about the folders that it serves. */
export interface CheckedFolders {
  /** Their paths. */
  folders: ReadonlySet<string>;
  /** Files and folders that are never served, with those of earlier settings of this process. */
  secretFiles: string[];
  warnings: string[];
}

export const NO_FOLDERS: CheckedFolders = { folders: new Set(), secretFiles: [], warnings: [] };

/** The folder that an endpoint shares. */
export function sharedFolder({ directory, fallback, notFoundPage }: FilesOptions): NamedFolder {
  return { path: directory, origin: "default", pages: pagesOf([fallback, notFoundPage]) };
}

/**
 * Checks folders to serve. Throws PN_FOLDER_UNREADABLE, and PN_CONFIG_INVALID for a folder of logs or state.
 * @param files that are never served, besides those of the configuration
 * @param before what is served now. What was secret stays secret. A folder that is missing is a warning: a build tool
 *   may be replacing it, and a reload for another reason, such as a new certificate, must not fail.
 */
export async function checkFolders(
  settings: Settings,
  named: readonly NamedFolder[],
  files: readonly string[],
  before: Pick<CheckedFolders, "folders" | "secretFiles"> = NO_FOLDERS,
): Promise<CheckedFolders> {
  const roots: string[] = [];
  const warnings: string[] = [];
  for (const { path, origin, pages } of named) {
    try {
      roots.push(await readableFolder(path, origin));
      warnings.push(...(await missingPageWarnings(path, pages)));
    } catch (error) {
      if (!(error instanceof CliError) || !before.folders.has(path)) throw error;
      roots.push(path);
      warnings.push(`${error.message} Visitors get 404 until it can be read.`);
    }
  }
  const secretFiles = await secretPaths(settings, roots, files, before.secretFiles);
  const exposed = await servedSecretsWarnings(roots, secretFiles, settings.env);
  return { folders: new Set(named.map(({ path }) => path)), secretFiles, warnings: [...warnings, ...exposed] };
}
