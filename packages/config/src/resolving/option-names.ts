import type { Option } from "../declared/declaration.js";
import type { Path } from "../file/path.js";

/**
 * Returns the environment variable of an option: its own, or one derived from the path, such as
 * `POSTERN_TUNNEL_ENABLED`.
 */
export function environmentName(path: Path, { env }: Option<unknown>): string | undefined {
  // A variable cannot select one of several tables. `postern http` resolves its single endpoint at `tunnel.endpoint`.
  if (path.some((part) => typeof part === "number")) return undefined;
  return env ?? `POSTERN_${path.join("_").toUpperCase()}`;
}

/** Returns the long flag without its argument: `--port` for `-p, --port <port>`. */
export function flagName({ flag }: Option<unknown>): string | undefined {
  return flag === undefined ? undefined : /--[\w-]+/.exec(flag)?.[0];
}
