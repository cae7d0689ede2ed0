import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { loadConfiguration, TomlFile, type LoadedConfiguration, type Path } from "@postern/config";
import { readOwnedFile, quoted } from "./owned-file.js";
import { problemLine } from "./problem-line.js";

/** The sources of the configuration other than the file. */
export interface Given {
  /** The file that --config names. */
  config: string | undefined;
  /** Whether no file is read, not even one of the working directory or the user. Default false. */
  readsNoFile?: boolean;
  env: NodeJS.ProcessEnv;
  /** Values of the command line, by flag: `--server`. */
  flags: Readonly<Record<string, string>>;
  /** The command that the flags belong to. */
  command?: string;
}

/** The configuration of this run. */
export interface Settings {
  loaded: LoadedConfiguration;
  /** The configuration file, if there is one. */
  file: string | undefined;
  env: NodeJS.ProcessEnv;
  warnings: string[];
  /**
   * The path of a file that `option` names: relative to the configuration file if named there, otherwise to the working
   * directory.
   */
  pathOf(value: string, ...option: Path): string;
}

/** The names of configuration files in the working directory. The second is that of the older program. */
export const LOCAL_FILES = ["postern.toml", "app_config.toml"];

/** The configuration file to read: the named one, otherwise one in the working directory, otherwise the user's. */
export function configurationFile(named: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (named !== undefined && named !== "") return resolve(named);
  const candidates = [...LOCAL_FILES.map((name) => resolve(name)), join(userFolder(env), "postern.toml")];
  return candidates.find((path) => existsSync(path));
}

/** The folder of the user's configuration. */
export function userFolder(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CONFIG_HOME"] || join(env["HOME"] ?? homedir(), ".config"), "postern");
}

/**
 * Reads the configuration: defaults, file, environment, flags.
 * @throws ConfigError with all mistakes; PN_FILE_UNREADABLE; PN_FILE_WRITABLE when other users can change the file.
 */
export async function readSettings({ config, readsNoFile = false, env, flags, command }: Given): Promise<Settings> {
  const file = readsNoFile ? undefined : configurationFile(config, env);
  const { toml, readable } = file === undefined ? {} : await readToml(file);
  const loaded = loadConfiguration({ file: toml, env, flags, ...(command === undefined ? {} : { command }) });
  const warnings = loaded.warnings.map(problemLine);
  if (file !== undefined && readable === true && loaded.holdsSecrets)
    warnings.push(`Other users can read ${shown(file)}, which contains secrets. Run: chmod o-r ${quoted(file)}`);
  return {
    loaded,
    file,
    env,
    warnings,
    pathOf: (value, ...option) =>
      file !== undefined && loaded.origin(...option).from === "file" ? resolve(dirname(file), value) : value,
  };
}

async function readToml(file: string): Promise<{ toml: TomlFile; readable: boolean }> {
  const { bytes, readableByOthers } = await readOwnedFile(file);
  return { toml: await TomlFile.read(shown(file), bytes), readable: readableByOthers };
}

/** Relative to the working directory where that is shorter. */
function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}
