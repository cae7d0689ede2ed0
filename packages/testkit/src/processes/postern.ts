import { fileURLToPath } from "node:url";
import { poisonedEnvironment } from "../buffers/poisoned-environment.js";
import type { Defer } from "../cleanup.js";
import { inheritedEnvironment, Program, type ProgramOptions } from "./program.js";

/** The `postern` command of this repository. */
export const POSTERN_BIN = fileURLToPath(new URL("../../../cli/bin/postern.js", import.meta.url));

export interface PosternOptions extends Pick<ProgramOptions, "cwd"> {
  /** Additional environment variables. */
  env?: Record<string, string>;
  /** A prefix that replaces itself with the command, such as `ip netns exec …`. */
  prefix?: string[];
}

/** Starts the `postern` command of this repository with the Node that runs the tests. */
export function postern(defer: Defer, args: string[], { cwd, env, prefix = [] }: PosternOptions = {}): Program {
  const [command = "", ...all] = [...prefix, process.execPath, POSTERN_BIN, ...args];
  return new Program(defer, command, {
    args: all,
    env: poisonedEnvironment(inheritedEnvironment(env)),
    ...(cwd === undefined ? undefined : { cwd }),
  });
}
