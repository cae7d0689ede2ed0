import { fileURLToPath } from "node:url";
import { poisonedEnvironment } from "../buffers/poisoned-environment.js";
import type { Defer } from "../cleanup.js";
import { inheritedEnvironment, Program, type ProgramOptions } from "./program.js";

/** The command of this tree. */
export const POSTERN_BIN = fileURLToPath(new URL("../../../cli/bin/postern.js", import.meta.url));

export interface PosternOptions extends Pick<ProgramOptions, "cwd"> {
  /** Added to the environment. */
  env?: Record<string, string>;
  /** What stands before the command, and is replaced by it: `ip netns exec …`. */
  prefix?: string[];
}

/** Starts the `postern` command of this tree with the Node that runs the tests. */
export function postern(defer: Defer, args: string[], { cwd, env, prefix = [] }: PosternOptions = {}): Program {
  const [command = "", ...all] = [...prefix, process.execPath, POSTERN_BIN, ...args];
  return new Program(defer, command, {
    args: all,
    env: poisonedEnvironment(inheritedEnvironment(env)),
    ...(cwd === undefined ? undefined : { cwd }),
  });
}
