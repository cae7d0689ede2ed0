import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where the refresh token is kept that took the place of the configured one: the state folder of systemd's unit, else the user's. Its name
 * follows from what is configured, so that another refresh token begins anew.
 */
export function refreshStateFile(url: string, refreshToken: string, env: NodeJS.ProcessEnv): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  const folder = env["STATE_DIRECTORY"]?.split(":")[0] || join(state, "postern");
  const id = createHash("sha256").update(`${url}\n${refreshToken}`).digest("hex").slice(0, 16);
  return join(folder, `refresh-${id}.json`);
}
