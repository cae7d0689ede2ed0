import type { Path } from "@postern/config";
import { readSettings, type Given, type Settings } from "../settings/configuration.js";
import { failureOf } from "../reporting/failure.js";
import { watchFiles } from "./file-watch.js";
import { terminalIsGone } from "./stop-request.js";

/** What a command made of a configuration that was read again. */
export interface TakenOver {
  /** What has changed, for people. */
  summary: string;
  data?: Record<string, unknown>;
  /** Files that the configuration names and that count like a part of it. */
  files: string[];
  /** What its author should know. */
  warnings: string[];
}

/** Tells log and events what came of it. */
export type ReloadReport = (level: "info" | "warn" | "error", message: string, data: Record<string, unknown>) => void;

export interface ReloadOptions {
  given: Given;
  settings: Settings;
  /** As in TakenOver, of `settings`. */
  files: string[];
  warnings: string[];
  /** Takes over what can change while the command runs. Throws before it has changed anything. */
  takeOver: (settings: Settings) => Promise<TakenOver>;
  /** Whether what stands at `path` matters here, and is only read at the start. */
  isFixed: (path: Path) => boolean;
  report: ReloadReport;
}

/**
 * Reads the configuration again on SIGHUP, and when one of its files was written anew: the good is taken over, the bad is told and changes
 * nothing. One at a time. Returns what ends it.
 */
export function reloadOnChange({
  given,
  settings,
  files,
  warnings,
  takeOver,
  isFixed,
  report,
}: ReloadOptions): () => void {
  let current = settings;
  // Those of the start were told then.
  let told = new Set([...settings.warnings, ...warnings]);
  let last = Promise.resolve();
  const withFile = (named: string[]): string[] => (settings.file === undefined ? named : [settings.file, ...named]);
  const reload = async (): Promise<void> => {
    try {
      const read = await readSettings(given);
      const taken = await takeOver(read);
      const fixed = differences(current, read).filter(isFixed);
      current = read;
      watched.replace(withFile(taken.files));
      report("info", `configuration read again: ${taken.summary}`, { state: "reloaded", ...taken.data });
      const warnings = [...read.warnings, ...taken.warnings];
      for (const warning of warnings.filter((each) => !told.has(each))) report("warn", warning, { state: "warning" });
      told = new Set(warnings);
      if (fixed.length === 0) return;
      const options = fixed.map((path) => path.join("."));
      report("warn", `takes effect at the next start: ${options.join(", ")}`, { state: "restart_needed", options });
    } catch (error) {
      const { code, message, fix } = failureOf(error);
      const what = [message, ...(fix?.split("\n") ?? [])].join(" ");
      report("error", `the configuration was not taken over, the last good one stays: ${what}`, {
        state: "configuration_refused",
        code,
      });
    }
  };
  const queue = (): void => {
    last = last.then(reload);
  };
  const hangUp = (): void => {
    if (!terminalIsGone()) queue();
  };
  const watched = watchFiles(withFile(files), queue);
  process.on("SIGHUP", hangUp);
  return () => {
    process.off("SIGHUP", hangUp);
    watched.close();
  };
}

/** Where two configurations differ. */
function differences(before: Settings, after: Settings): Path[] {
  const values = ({ loaded }: Settings): Map<string, [Path, string]> =>
    new Map(loaded.resolution.options.map(({ path, value }) => [path.join("."), [path, JSON.stringify(value)]]));
  const old = values(before);
  return [...values(after)].filter(([name, [, value]]) => old.get(name)?.[1] !== value).map(([, [path]]) => path);
}
