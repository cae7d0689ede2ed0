import { CONFIGURATION, type Configuration } from "./declared/configuration.js";
import { pathText, type Path } from "./file/path.js";
import { ConfigError, problemOf, type Problem } from "./file/problem.js";
import { resolve, type Layers, type Origin, type Resolution } from "./resolving/resolve.js";
import { ruleViolations } from "./checks/rules.js";
import { disabledTables } from "./checks/disabled-tables.js";
import { misspelledVariables } from "./checks/misspelled-variables.js";
import { TomlFile } from "./file/toml-file.js";
import { unsupported, type Unsupported } from "./checks/unsupported.js";

/** Two missed heartbeats end a session, and a dead session must be detected within 30 s. */
const LONGEST_HEARTBEAT = 10_000;

/** A valid configuration and the sources of its values. */
export class LoadedConfiguration {
  readonly values: Configuration;
  readonly file: TomlFile | undefined;
  readonly resolution: Resolution<(typeof CONFIGURATION)["entries"]>;
  /** Warnings for the author of the file. */
  readonly warnings: readonly Problem[];

  constructor(layers: Layers, resolution: Resolution<(typeof CONFIGURATION)["entries"]>) {
    this.values = resolution.values;
    this.file = layers.file;
    this.resolution = resolution;
    const misspelled = misspelledVariables(layers.env, resolution.options).map(problemOf);
    const disabled = disabledTables(resolution.options, resolution.sections, layers.file);
    this.warnings = [...this.#heartbeats(), ...disabled, ...misspelled];
  }

  /** Returns the settings below `within` that this version does not support. Default: everywhere. */
  unsupported(...within: Path[]): Unsupported {
    return unsupported(this.resolution, this.file, within.length === 0 ? [[]] : within);
  }

  /** Returns the source of a value. */
  origin(...path: Path): Origin {
    const wanted = pathText(path);
    return this.resolution.options.find((each) => pathText(each.path) === wanted)?.origin ?? { from: "default" };
  }

  /** True if the file contains a secret and should be readable by its owner only. */
  get holdsSecrets(): boolean {
    return this.resolution.options.some(({ option: { secret, kind }, value, origin }) => {
      if (!secret || origin.from !== "file") return false;
      // The value of a proxy is secret only if it contains a password.
      return kind.redact === undefined || kind.redact(value) !== kind.show(value);
    });
  }

  #heartbeats(): Problem[] {
    return this.values.tunnel.endpoints.flatMap(({ keepalive_interval }, index) => {
      if (keepalive_interval <= LONGEST_HEARTBEAT) return [];
      const message = "keepalive_interval counts as 10 s: longer intervals detect dead connections too late.";
      const path = ["tunnel", "endpoints", index, "keepalive_interval"];
      return [this.file?.problem(path, message) ?? problemOf(message)];
    });
  }
}

/** Resolves and checks the configuration. @throws ConfigError with every problem. */
export function loadConfiguration(layers: Layers): LoadedConfiguration {
  const resolution = resolve(CONFIGURATION, layers);
  const { problems, values } = resolution;
  const origins = new Map(resolution.options.map(({ path, origin }) => [pathText(path), origin.from]));
  const violations =
    problems.length > 0 ? [] : ruleViolations(values, (path) => origins.get(pathText(path)) ?? "default");
  const found = [
    ...problems,
    ...violations.map(({ path, message }) => layers.file?.problem(path, message) ?? problemOf(message)),
  ];
  if (found.length > 0) throw new ConfigError(found.toSorted((one, other) => one.line - other.line));
  return new LoadedConfiguration(layers, resolution);
}
