import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The file that stores the current refresh token, which replaces the configured one after the first renewal. It is in
 * $STATE_DIRECTORY, otherwise in the user's state folder. Its name depends on the configuration, so that an old stored
 * token does not override a newly configured one.
 */
export function refreshStateFile(url: string, refreshToken: string, env: NodeJS.ProcessEnv): string {
  const id = createHash("sha256").update(`${url}\n${refreshToken}`).digest("hex").slice(0, 16);
  return join(stateFolder(env), `refresh-${id}.json`);
}

/** The folder for state: $STATE_DIRECTORY, otherwise in the user's state folder. */
export function stateFolder(env: NodeJS.ProcessEnv): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return env["STATE_DIRECTORY"]?.split(":")[0] || join(state, "postern");
}
