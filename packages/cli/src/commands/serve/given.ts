import { existsSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../../errors.js";
import { hasGateway } from "../../running/gateway-settings.js";
import { LOCAL_FILES, readSettings, userFolder, type Given, type Settings } from "../../settings/configuration.js";
import type { CommandInput } from "../command.js";

const DIRECTORY = "--directory";

/** What `postern serve` serves. */
export interface Served {
  given: Given;
  settings: Settings;
  /** A configuration file in the working directory that is not read, because a folder is given. */
  unreadFile: string | undefined;
}

/**
 * Reads the configuration of `postern serve [folder]`. A folder on the command line replaces the file that would be
 * found; without either, the working directory is served.
 * @throws PN_USAGE for two folders; Error as `readSettings`.
 */
export async function readServed(line: CommandInput, env: NodeJS.ProcessEnv): Promise<Served> {
  const { argument, config, flags, command } = line;
  const option = flags[DIRECTORY];
  if (argument !== undefined && option !== undefined && argument !== option)
    throw new CliError("PN_USAGE", `Two folders are given: ${argument} and ${option}.`, "Name one of them.");
  const given: Given = { config, env, flags, command };
  const folder = argument ?? option;
  const isNamed = config !== undefined && config !== "";
  if (folder !== undefined) return readFolder(given, folder, !isNamed);
  const settings = await readSettings(given);
  // The file of the user may only be for tunnels.
  const isEmpty = settings.file === undefined || settings.file === join(userFolder(env), "postern.toml");
  if (hasGateway(settings) || isNamed || !isEmpty) return { given, settings, unreadFile: undefined };
  return readFolder(given, ".", true);
}

async function readFolder(given: Given, folder: string, readsNoFile: boolean): Promise<Served> {
  const all = { ...given, readsNoFile, flags: { ...given.flags, [DIRECTORY]: folder } };
  const settings = await readSettings(all);
  const unreadFile = readsNoFile ? LOCAL_FILES.find((name) => existsSync(name)) : undefined;
  return { given: all, settings, unreadFile };
}
