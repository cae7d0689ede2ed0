import { CONFIGURATION, type Configuration } from "./declared/configuration.js";
import { pathText, type Path } from "./file/path.js";
import { ConfigError, problemOf, type Problem } from "./file/problem.js";
import { resolve, type Layers, type Origin, type Resolution } from "./resolving/resolve.js";
import { gatewayAddresses, type GatewayAddresses } from "./checks/gateway-addresses.js";
import { emptyTableViolations } from "./checks/empty-tables.js";
import { ruleViolations } from "./checks/rules.js";
import { disabledTables } from "./checks/disabled-tables.js";
import { misspelledVariables } from "./checks/misspelled-variables.js";
import { TomlFile } from "./file/toml-file.js";
import { pendingSettings } from "./checks/pending-settings.js";
import { isWithin, Switches } from "./checks/switches.js";
import { settingsWithoutMeaning } from "./checks/settings-without-meaning.js";
import { differenceNotes } from "./older/difference-notes.js";
import { isNewer } from "./older/differences.js";
import { translated, type Finding, type OlderFile } from "./older/older-file.js";

/** Settings of a configuration that have no effect in this version. */
export interface Unsupported {
  /** Settings of features that do not exist yet. Commands refuse to run with them. */
  pending: readonly Problem[];
  /** Settings that are accepted so that older files stay valid. Commands only warn about them. */
  ignored: readonly Problem[];
}

type ConfigurationResolution = Resolution<(typeof CONFIGURATION)["entries"]>;

/** A valid configuration and the sources of its values. */
export class LoadedConfiguration {
  readonly values: Configuration;
  readonly file: TomlFile | undefined;
  readonly resolution: ConfigurationResolution;
  /** Warnings for the author of the file. */
  readonly warnings: readonly Problem[];
  /** Options of older files that have no effect, in all tables. */
  readonly withoutEffect: readonly Finding[];
  /** Whether the file is certainly one of the older program: it contains an older option, or has the older name. */
  readonly isOlder: boolean;
  readonly #switches: Switches;
  /** By the text of the path; made when the first one is asked for. */
  #origins: Map<string, Origin> | undefined;

  constructor({ file, env }: Layers, resolution: ConfigurationResolution, older: OlderFile | undefined) {
    this.values = resolution.values;
    this.file = file;
    this.resolution = resolution;
    this.withoutEffect = older?.withoutEffect ?? [];
    this.isOlder = older?.isOlder ?? false;
    this.#switches = new Switches(resolution.options);
    const { options, sections, missing } = resolution;
    // `postern server` runs this table without `enabled`.
    const isServerSwitchedOff = options.some(
      ({ path, value, origin }) =>
        path.join(".") === "tunnel.server.enabled" && value === false && origin.from !== "default",
    );
    const within: Path[] = isServerSwitchedOff ? [[]] : [[], ["tunnel", "server"]];
    const meaningless = settingsWithoutMeaning(this.values)
      .filter(({ path }) => this.#switches.concern(path, within))
      .map(({ path, message }) => file?.problem(path, message) ?? problemOf(message));
    const switchedOff = missing.map(({ problem }) => ({ ...problem, message: `${problem.message}. ${ONLY_IF_ON}` }));
    const disabled = disabledTables(options, sections, file);
    const misspelled = misspelledVariables(env, options).map(problemOf);
    this.warnings = [...meaningless, ...switchedOff, ...disabled, ...misspelled];
  }

  /** Returns the settings below `within` that this version does not support. Default: everywhere. */
  unsupported(...within: Path[]): Unsupported {
    const roots = within.length === 0 ? [[]] : within;
    // A table that is not declared belongs to no part of the program.
    const concerns = ({ path }: Finding): boolean =>
      this.#switches.concern(path, roots) || !Object.hasOwn(CONFIGURATION.entries, String(path[0]));
    return {
      pending: pendingSettings(this.resolution, this.file, roots),
      ignored: this.withoutEffect.filter(concerns).map(({ problem }) => problem),
    };
  }

  /**
   * Checks the environment variables that the tables `within` refer to, also if the file switches them off.
   * @throws ConfigError for variables that are not set.
   */
  requireVariables(...within: Path[]): void {
    const missing = this.resolution.missing.filter(({ path }) => this.#switches.concern(path, within));
    if (missing.length > 0) throw new ConfigError(missing.map(({ problem }) => problem));
  }

  /**
   * Notes about settings that mean something else than in the older program. They compare both if `isOlder`; a file
   * with an option of today has none.
   */
  get differences(): Problem[] {
    const set = this.resolution.options.filter(({ origin }) => origin.from === "file").map(({ path }) => path);
    if (set.some(isNewer)) return [];
    const sets = (...outer: Path): boolean => set.some((path) => isWithin(path, outer));
    return differenceNotes(
      { configuration: this.values, sets },
      this.isOlder,
      ({ path }, message) => this.file?.problem(path, message) ?? problemOf(message),
    );
  }

  /** The addresses of the gateway. */
  get gatewayAddresses(): GatewayAddresses {
    return gatewayAddresses(this.values.server, (path) => this.origin(...path).from);
  }

  /** Returns the source of a value. */
  origin(...path: Path): Origin {
    this.#origins ??= new Map(this.resolution.options.map((each) => [pathText(each.path), each.origin]));
    return this.#origins.get(pathText(path)) ?? { from: "default" };
  }

  /** Whether the file contains this table, however little is in it. */
  hasTable(...path: Path): boolean {
    const text = pathText(path);
    return this.resolution.sections.some((each) => pathText(each.path) === text);
  }

  /** True if the file contains a secret and should be readable by its owner only. */
  get holdsSecrets(): boolean {
    return this.resolution.options.some(({ option: { secret, kind }, value, origin }) => {
      if (!secret || origin.from !== "file") return false;
      // The value of a proxy is secret only if it contains a password.
      return kind.redact === undefined || kind.redact(value) !== kind.show(value);
    });
  }
}

const ONLY_IF_ON = "The variable is not needed while the table is disabled.";

/** Resolves and checks the configuration. @throws ConfigError with every problem. */
export function loadConfiguration(given: Layers): LoadedConfiguration {
  const older: OlderFile | undefined = given.file && translated(given.file);
  const layers = { ...given, file: older?.file };
  const resolution = resolve(CONFIGURATION, layers);
  const { values, options } = resolution;
  const switches = new Switches(options);
  const missing = resolution.missing.filter(({ path }) => switches.concern(path, [[]]));
  const problems = [...resolution.problems, ...(older?.problems ?? []), ...missing.map(({ problem }) => problem)];
  const origins = new Map([
    // Tables, because one without options can have a meaning.
    ...resolution.sections.map(({ path }) => [pathText(path), "file"] as const),
    ...options.map(({ path, origin }) => [pathText(path), origin.from] as const),
  ]);
  const violations =
    problems.length > 0
      ? []
      : [
          ...ruleViolations(values, (path) => origins.get(pathText(path)) ?? "default"),
          ...emptyTableViolations(resolution),
        ];
  const found = [
    ...problems,
    ...violations.map(({ path, message }) => layers.file?.problem(path, message) ?? problemOf(message)),
  ];
  if (found.length > 0) throw new ConfigError(found.toSorted((one, other) => one.line - other.line));
  return new LoadedConfiguration(layers, resolution, older);
}
