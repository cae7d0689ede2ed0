import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Configuration, Path } from "@postern/config";
import type { FilesOptions } from "@postern/gateway/service";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { quoted } from "../settings/owned-file.js";

/** A folder that the gateway serves. */
export interface ServedFolder {
  /** Absolute. */
  readonly path: string;
  /** The option that names it. */
  readonly option: Path;
  /** The pages in it that the configuration names. */
  readonly pages: readonly string[];
}

type RouteFiles = Configuration["proxy"][number]["files"];
type Pages = readonly (string | undefined)[];

/** Whether the configuration serves files where no route takes a request. */
export function servesStaticFiles({ loaded }: Settings): boolean {
  return loaded.resolution.sections.some(({ path }) => path[0] === "static_config");
}

/** The folders of `[static_config]` and of the routes. */
export function servedFolders(settings: Settings): ServedFolder[] {
  const { loaded } = settings;
  const { proxy, static_config: files } = loaded.values;
  const folder = (directory: string, option: Path, pages: Pages): ServedFolder => ({
    path: resolve(settings.pathOf(directory, ...option)),
    option,
    pages: pagesOf(pages),
  });
  // Many folders have no file of the default name, and need none.
  const isGiven = loaded.origin("static_config", "fallback").from !== "default";
  const staticPages: Pages = [isGiven ? files.fallback : "", files.not_found_page];
  return [
    ...(servesStaticFiles(settings) ? [folder(files.directory, ["static_config", "directory"], staticPages)] : []),
    ...proxy.flatMap(({ files: { directory, fallback, not_found_page: notFound } }, index) =>
      directory === undefined ? [] : [folder(directory, ["proxy", index, "files", "directory"], [fallback, notFound])],
    ),
  ];
}

/** The pages that there are to be: an empty name means none. */
export function pagesOf(pages: Pages): string[] {
  return pages.flatMap((page) => (page ? [page] : []));
}

/** The options of a folder for the gateway. @param path absolute */
export function filesOptions(files: Omit<RouteFiles, "directory">, path: string): FilesOptions {
  return {
    directory: path,
    ...(files.fallback ? { fallback: files.fallback } : {}),
    ...(files.not_found_page ? { notFoundPage: files.not_found_page } : {}),
    index: files.index,
    browse: files.browse,
    dotfiles: files.dotfiles,
    followLinks: files.follow_links,
    cacheControl: files.cache_control,
    immutable: files.immutable,
  };
}

/** Warns about pages that a folder does not have. @param pages paths in the folder */
export async function missingPageWarnings(path: string, pages: readonly string[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const page of pages) {
    const isFile = await stat(join(path, page)).then(
      (stats) => stats.isFile(),
      () => false,
    );
    if (!isFile)
      warnings.push(`The served folder ${path} has no file ${page}. Visitors do not get this page until it exists.`);
  }
  return warnings;
}

/** Returns the real path of a folder to serve. Throws PN_FOLDER_UNREADABLE. @param origin what names it */
export async function readableFolder(path: string, origin: string): Promise<string> {
  const named = origin === "default" ? "" : ` (${origin})`;
  try {
    if (!(await stat(path)).isDirectory())
      throw new CliError(
        "PN_FOLDER_UNREADABLE",
        `${path} is a file, not a folder${named}.`,
        "Name the folder around it.",
      );
    await access(path, constants.R_OK | constants.X_OK);
    return await realpath(path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new CliError(
        "PN_FOLDER_UNREADABLE",
        `The folder ${path} does not exist${named}.`,
        `Create it, or name another folder: mkdir -p ${quoted(path)}`,
      );
    const reason = code === "EACCES" ? "permission denied" : code;
    throw new CliError(
      "PN_FOLDER_UNREADABLE",
      `The folder ${path} cannot be read: ${reason}${named}.`,
      "Give this user permission to read and enter the folder, or name another folder.",
    );
  }
}
