import type { Path } from "@postern/config";
import { failureOf } from "../reporting/failure.js";
import { readSettings, type Given, type Settings } from "../settings/configuration.js";
import { stateOf, watchFiles } from "./file-watch.js";
import type { Service } from "../service.js";
import { terminalIsGone } from "./stop-request.js";

/** The message of the event for a report: one line, with the problems. */
export function reloadMessage(message: string, { problems }: Record<string, unknown>): string {
  return Array.isArray(problems) ? `${message}: ${problems.join("; ")}` : message;
}

/** The same error of unchanged files is reported again only after this many milliseconds. */
const REPETITION = 10_000;

/** Writes the outcome of a reload to the log and to the events. `data.problems`: lines that belong to the message. */
export type ReloadReport = (level: "info" | "warn" | "error", message: string, data: Record<string, unknown>) => void;

export interface ReloadOptions {
  given: Given;
  /** The configuration at start. */
  settings: Settings;
  /** Files to watch besides the configuration file, for instance keys. */
  files: string[];
  /** Warnings that were reported at start, besides those of `settings`. */
  warnings: string[];
  services: readonly Service[];
  /** Resolves when all services have started; changes before that wait. */
  started: Promise<void>;
  /** Throws for a configuration that this command cannot run. */
  check: (settings: Settings) => void;
  /** Whether the option at `path` matters to this command but is read only at start. */
  isFixed: (path: Path) => boolean;
  report: ReloadReport;
}

/**
 * Reloads the services on SIGHUP and when one of the files changes, one reload at a time. All services prepare before
 * the first one changes, so that a mistake anywhere leaves everything unchanged. Returns a function that stops
 * reloading.
 */
export function reloadOnChange(options: ReloadOptions): () => void {
  const { given, settings, files, services, check, isFixed, report } = options;
  let current = settings;
  let reported = new Set([...settings.warnings, ...options.warnings]);
  let last = options.started;
  const withFile = (named: string[]): string[] => (settings.file === undefined ? named : [settings.file, ...named]);
  let watchedFiles = withFile(files);
  const refusals = new Repetition();
  const reload = async (): Promise<void> => {
    try {
      const changed = await readSettings(given);
      check(changed);
      const prepared = [];
      for (const service of services) if (service.reload !== undefined) prepared.push(await service.reload(changed));
      const applied = [];
      for (const { apply } of prepared) applied.push(await apply());
      const fixed = differences(current, changed).filter(isFixed);
      const previous = current;
      current = changed;
      watchedFiles = withFile(prepared.flatMap((each) => each.files));
      watched.replace(watchedFiles);
      const summary = applied.map((each) => each.summary).join("; ");
      const data = Object.assign({}, ...applied.map((each) => each.data ?? {})) as Record<string, unknown>;
      report("info", `configuration reloaded: ${summary}`, { state: "reloaded", ...data });
      const warnings = new Set([...changed.warnings, ...prepared.flatMap((each) => each.warnings)]);
      for (const warning of warnings) if (!reported.has(warning)) report("warn", warning, { state: "warning" });
      reported = warnings;
      if (fixed.length === 0) return;
      const names = changedNames(previous, fixed);
      report("warn", `restart to apply: ${names.join(", ")}`, { state: "restart_needed", options: names });
    } catch (error) {
      const { code, message, fix, problems = [message, ...(fix?.split("\n") ?? [])] } = failureOf(error);
      if (refusals.isRepeated(`${problems.join("\n")}\n${stateOf(watchedFiles)}`)) return;
      const data = { state: "configuration_refused", code, problems };
      report("error", "reload failed; keeping the previous configuration", data);
    }
  };
  let isQueued = false;
  const queue = (): void => {
    if (isQueued) return;
    isQueued = true;
    last = last.then(() => {
      // Later changes need another reload, because this one begins to read the files.
      isQueued = false;
      return reload();
    });
  };
  const hangUp = (): void => {
    if (terminalIsGone()) return;
    // Also where the configuration is not valid: the program that has moved the files must not wait for that.
    for (const service of services) service.reopen?.();
    queue();
  };
  const watched = watchFiles(watchedFiles, queue);
  process.on("SIGHUP", hangUp);
  return () => {
    process.off("SIGHUP", hangUp);
    watched.close();
  };
}

/** Detects repetitions within a short time: a change of a file and a SIGHUP cause two reloads. */
class Repetition {
  #last = "";
  #at = -Infinity;

  isRepeated(text: string): boolean {
    const now = performance.now();
    const isRepeated = text === this.#last && now - this.#at < REPETITION;
    if (isRepeated) return true;
    [this.#last, this.#at] = [text, now];
    return false;
  }
}

/** The options whose values differ. */
function differences(before: Settings, after: Settings): Path[] {
  const values = ({ loaded }: Settings): Map<string, [Path, string]> =>
    new Map(loaded.resolution.options.map(({ path, value }) => [path.join("."), [path, JSON.stringify(value)]]));
  const old = values(before);
  return [...values(after)].filter(([name, [, value]]) => old.get(name)?.[1] !== value).map(([, [path]]) => path);
}

/** The names of changed options. A table that was added to a list counts as a change of the list. */
function changedNames({ loaded }: Settings, paths: readonly Path[]): string[] {
  const tables = new Set(loaded.resolution.options.flatMap(({ path }) => tableOf(path) ?? []));
  const isAdded = (path: Path): boolean => !tables.has(tableOf(path) ?? "");
  const names = paths.map((path) => {
    const index = path.findIndex((part) => typeof part === "number");
    return (index < 0 || !isAdded(path) ? path : path.slice(0, index)).join(".");
  });
  return [...new Set(names)];
}

/** The first table of a list in a path: `proxy.0`; undefined if there is none. */
function tableOf(path: Path): string | undefined {
  const index = path.findIndex((part) => typeof part === "number");
  return index < 0 ? undefined : path.slice(0, index + 1).join(".");
}
