import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { namedPaths, pathsNamedIn } from "@postern/config";
import { accessLogPaths } from "../access-log/access-log-options.js";
import { stateFolder } from "../credentials/refresh-state.js";
import { CliError } from "../errors.js";
import { eventFileOptions } from "../monitoring/event-file.js";
import { runFolder } from "../monitoring/run-file.js";
import { logFilesOptions } from "../reporting/reporting.js";
import { LOCAL_FILES, userFolder, type Settings } from "../settings/configuration.js";

/** The beginning of a configuration that is read for the paths that it names, in bytes. */
const MAX_BYTES = 1024 * 1024;
/** Without O_NONBLOCK, opening a pipe waits for a writer. Windows has neither. */
const OPEN_FLAGS = constants.O_RDONLY | (process.platform === "win32" ? 0 : constants.O_NONBLOCK);

/**
 * The files and folders that no gateway of this process may serve: the configuration, everything that it names, and the
 * folders in which Postern keeps logs and state. Throws PN_CONFIG_INVALID if one of these folders is a served one.
 * @param roots the real paths of the served folders
 * @param files further files, for instance keys
 * @param earlier what was secret before a reload, which may still be a valid credential. It stays secret, except for
 *   folders around a served folder.
 */
export async function secretPaths(
  settings: Settings,
  roots: readonly string[],
  files: readonly string[],
  earlier: readonly string[] = [],
): Promise<string[]> {
  const { loaded, file, env } = settings;
  const named = namedPaths(loaded.resolution.options)
    .filter(({ option }) => loaded.origin(...option).from !== "default")
    .map(({ option, value }) => settings.pathOf(value, ...option));
  const folders = [
    logFilesOptions(settings, "serve")?.folder,
    eventFileOptions(settings)?.folder,
    ...accessLogPaths(settings).map((path) => dirname(path)),
    stateFolder(env),
    runFolder(env),
    userFolder(env),
  ];
  const paths = [file, ...named, ...folders, ...files].flatMap((path) => (path === undefined ? [] : [resolve(path)]));
  const kept = new Set<string>();
  for (const path of new Set(paths)) {
    const real = await realPath(path);
    const contained = roots.find((root) => isWithin(root, real));
    if (contained === undefined) kept.add(path);
    // Logs beside a served folder, in the folder around both, are not in the served one.
    else if (roots.some((root) => isWithin(real, root))) throw servesSecrets(path, contained);
  }
  for (const path of earlier) {
    const real = await realPath(path);
    if (!roots.some((root) => isWithin(root, real))) kept.add(path);
  }
  return [...kept];
}

function servesSecrets(path: string, root: string): CliError {
  return new CliError(
    "PN_CONFIG_INVALID",
    `The folder ${path} is for logs or state, and the served folder ${root} is ${path === root ? "the same" : "inside it"}. Nothing in it could be served.`,
    "Serve a folder of its own, for instance ./public, or choose another folder for logs and state.",
  );
}

/**
 * The paths that a configuration file names, absolute. It may belong to another program, and may have mistakes. Empty
 * if it cannot be read.
 */
export async function pathsOfConfiguration(file: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const bytes = await beginningOf(file);
  const folder = dirname(file);
  const named = await pathsNamedIn(bytes, env);
  const paths = named.paths.map((path) => resolve(folder, path));
  for (const text of named.texts) {
    const path = resolve(folder, text);
    if (await isFile(path)) paths.push(path);
  }
  // A folder around the configuration is none of its secrets.
  return [...new Set(paths)].filter((path) => path === folder || !isWithin(folder, path));
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function beginningOf(path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_BYTES);
  let length = 0;
  try {
    const file = await open(path, OPEN_FLAGS);
    try {
      if (!(await file.stat()).isFile()) return Buffer.alloc(0);
      while (length < buffer.length) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch {
    // What was read counts.
  }
  return buffer.subarray(0, length);
}

/** Files that a warning names. */
const NAMED = 3;

/**
 * Warns about each served folder that contains files of a configuration, of this process or of another one.
 * @param secrets as `secretPaths` returns them
 */
export async function servedSecretsWarnings(
  roots: readonly string[],
  secrets: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const root of new Set(roots)) {
    const others = LOCAL_FILES.map((name) => join(root, name));
    const named = await Promise.all(others.map((file) => pathsOfConfiguration(file, env)));
    const found = new Set<string>();
    for (const path of [...secrets, ...others, ...named.flat()]) {
      const real = await realpath(path).catch(() => undefined);
      if (real !== undefined && isWithin(real, root)) found.add(relative(root, real) || ".");
    }
    if (found.size === 0) continue;
    const names = [...found].toSorted();
    const rest = names.length - NAMED;
    const text = names.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
    warnings.push(
      `The served folder ${root} contains files of a configuration: ${text}. Visitors get 404 for them. Move them out of the folder, or serve a folder of its own, for instance ./public.`,
    );
  }
  return warnings;
}

/** Whether `path` is `folder`, or inside it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The real path, also of a file that does not exist yet. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(await realPath(folder), basename(path));
  }
}
