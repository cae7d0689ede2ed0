import { tunnelEndpoint } from "./declared/tunnel.js";
import { nearest } from "./nearest.js";
import { environmentName, type ResolvedOption } from "./resolve.js";
import type { Environment } from "./variables.js";

/** What the command itself listens to, beside the options. */
const COMMAND = ["POSTERN_CONFIG", "POSTERN_JSON", "POSTERN_ONCE", "POSTERN_QR"];

/**
 * Variables that are most likely misspelt: they begin as ours do, and are close to one of ours. What is far from all may be meant for a
 * reference in the file, or for another program.
 */
export function strayVariables(env: Environment, options: readonly ResolvedOption[]): string[] {
  const given = Object.keys(env).filter((name) => name.startsWith("POSTERN_"));
  if (given.length === 0) return [];
  const ofEndpoint = Object.entries(tunnelEndpoint.each.entries).map(([name, entry]) =>
    entry.form === "option" ? environmentName(["tunnel", "endpoint", name], entry) : undefined,
  );
  const known = new Set([
    ...options.map(({ path, option }) => environmentName(path, option)),
    ...ofEndpoint,
    ...COMMAND,
  ]);
  const names = [...known].filter((name) => name !== undefined);
  return given.flatMap((name) => {
    const meant = known.has(name) ? undefined : nearest(name, names);
    return meant === undefined ? [] : [`${name} in the environment means nothing. Is it ${meant}?`];
  });
}
