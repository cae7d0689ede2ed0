import { tunnelEndpoint } from "../declared/tunnel.js";
import { nearest } from "../kinds/nearest.js";
import { environmentName } from "../resolving/option-names.js";
import type { ResolvedOption } from "../resolving/resolve.js";
import type { Environment } from "../resolving/variables.js";

/** Variables that the command reads besides the options. */
const COMMAND = ["POSTERN_CONFIG", "POSTERN_JSON", "POSTERN_ONCE", "POSTERN_QR"];
const PREFIX = "POSTERN_";

/**
 * Returns a warning for each variable that starts with `POSTERN_` and is close to a known one. Other unknown variables
 * may serve as references in the file, or belong to another program.
 */
export function misspelledVariables(env: Environment, options: readonly ResolvedOption[]): string[] {
  const given = Object.keys(env).filter((name) => name.startsWith(PREFIX));
  if (given.length === 0) return [];
  const ofEndpoint = Object.entries(tunnelEndpoint.each.entries).map(([name, entry]) =>
    entry.form === "option" ? environmentName(["tunnel", "endpoint", name], entry) : undefined,
  );
  const known = new Set([
    ...options.map(({ path, option }) => environmentName(path, option)),
    ...ofEndpoint,
    ...COMMAND,
  ]);
  // Without the prefix, which would make all short names similar.
  const names = [...known].filter((name) => name !== undefined).map((name) => name.slice(PREFIX.length));
  return given.flatMap((name) => {
    const meant = known.has(name) ? undefined : nearest(name.slice(PREFIX.length), names);
    return meant === undefined ? [] : [`The environment variable ${name} is unknown. Did you mean ${PREFIX}${meant}?`];
  });
}
