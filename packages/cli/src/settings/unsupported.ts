import type { Path, Unsupported } from "@postern/config";
import type { Settings } from "./configuration.js";
import { CliError } from "../errors.js";
import { problemLine } from "./problem-line.js";

/** Refuses to run half of what the configuration says. Throws PN_CONFIG_UNBUILT. What never acts becomes a warning. */
export function refuseUnbuilt(settings: Settings, ...within: Path[]): void {
  const found = settings.loaded.unsupported(...within);
  settings.warnings.push(...found.ignored.map(problemLine));
  refusePending(found);
}

/** Refuses what isn't there yet. Throws PN_CONFIG_UNBUILT. */
export function refusePending({ pending }: Unsupported): void {
  if (pending.length === 0) return;
  throw new CliError(
    "PN_CONFIG_UNBUILT",
    "The configuration asks for what this version does not have yet.",
    [...pending.map(problemLine), "Remove it, or switch it off with enabled = false where the table has that."].join(
      "\n",
    ),
  );
}
