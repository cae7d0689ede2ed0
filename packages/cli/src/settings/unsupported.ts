import type { Path, Problem } from "@postern/config";
import type { Settings } from "./configuration.js";
import { CliError } from "../errors.js";
import { problemLine } from "./problem-line.js";

/**
 * Refuses a configuration with options that this version does not support, so that no option is silently ignored.
 * Throws PN_CONFIG_UNBUILT. Obsolete options add a warning to `settings`.
 */
export function refuseUnsupported(settings: Settings, ...within: Path[]): void {
  settings.loaded.requireVariables(...within);
  const { ignored, pending } = settings.loaded.unsupported(...within);
  settings.warnings.push(...ignored.map(problemLine));
  refusePending(pending);
}

/** Throws PN_CONFIG_UNBUILT if there are unsupported options. */
export function refusePending(pending: readonly Problem[]): void {
  if (pending.length === 0) return;
  throw new CliError(
    "PN_CONFIG_UNBUILT",
    "The configuration uses options that this version does not support yet.",
    [...pending.map(problemLine), "Remove them, or set enabled = false in their table if it has that option."].join(
      "\n",
    ),
  );
}
