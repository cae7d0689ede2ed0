import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { loadConfiguration, TomlFile, type LoadedConfiguration, type Path } from "@postern/config";
import { readOwnedFile, quoted } from "./owned-file.js";
import { problemLine } from "./problem-line.js";

/** What the command line and the environment say before the file is read. */
export interface Given {
  /** The file, when one was named. */
  config: string | undefined;
  env: NodeJS.ProcessEnv;
  /** What was typed, by the name of its flag. */
  flags: Readonly<Record<string, string>>;
}

/** All that configures this run. */
export interface Settings {
  loaded: LoadedConfiguration;
  /** The file, when there is one. */
  file: string | undefined;
  env: NodeJS.ProcessEnv;
  /** What its author should know. */
  warnings: string[];
  /** Where a file that an option names is: beside the configuration, when it was named there, else as it was typed. */
  pathOf(value: string, ...option: Path): string;
}

/** The configuration file that counts: the one that was named, else ./postern.toml, else the user's own. */
export function configurationFile(named: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (named !== undefined && named !== "") return resolve(named);
  const home = env["XDG_CONFIG_HOME"] || join(env["HOME"] ?? homedir(), ".config");
  return [resolve("postern.toml"), join(home, "postern", "postern.toml")].find((path) => existsSync(path));
}

/**
 * Reads the configuration: defaults, file, environment, flags.
 * @throws ConfigError with all that is wrong; CliError when the file cannot be read, or others could change it.
 */
export async function readSettings({ config, env, flags }: Given): Promise<Settings> {
  const file = configurationFile(config, env);
  const { toml, readable } = file === undefined ? {} : await readToml(file);
  const loaded = loadConfiguration({ file: toml, env, flags });
  const warnings = loaded.warnings.map(problemLine);
  if (file !== undefined && readable === true && loaded.holdsSecrets)
    warnings.push(`Other users can read ${shown(file)}, and it holds secrets. Run: chmod 600 ${quoted(file)}`);
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

/** As people would type it. */
function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}
