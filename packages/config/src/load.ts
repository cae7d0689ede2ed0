import { CONFIGURATION, type Configuration } from "./declared/configuration.js";
import { pathText, type Path } from "./path.js";
import { ConfigError, problemOf, type Problem } from "./problem.js";
import { resolve, type Layers, type Origin, type Resolution } from "./resolve.js";
import { ruleFaults } from "./rules.js";
import { strayVariables } from "./stray-variables.js";
import { TomlFile } from "./toml-file.js";
import { unbuilt, type Unbuilt } from "./unbuilt.js";

/** Two heartbeats that are missed end a session, and a dead one must be noticed in half a minute. */
const LONGEST_HEARTBEAT = 10_000;

/** A configuration that is valid, and where it comes from. */
export class LoadedConfiguration {
  readonly values: Configuration;
  readonly file: TomlFile | undefined;
  readonly resolution: Resolution<(typeof CONFIGURATION)["entries"]>;
  /** What its author should know. */
  readonly warnings: readonly Problem[];

  constructor(layers: Layers, resolution: Resolution<(typeof CONFIGURATION)["entries"]>) {
    this.values = resolution.values;
    this.file = layers.file;
    this.resolution = resolution;
    const stray = strayVariables(layers.env, resolution.options).map(problemOf);
    this.warnings = [...this.#heartbeats(), ...stray];
  }

  /** What it asks for below `within` that nothing does. Default: anywhere. */
  unbuilt(...within: Path[]): Unbuilt {
    return unbuilt(this.resolution, this.file, within.length === 0 ? [[]] : within);
  }

  /** Where a value comes from. */
  origin(...path: Path): Origin {
    const wanted = pathText(path);
    return this.resolution.options.find((each) => pathText(each.path) === wanted)?.origin ?? { from: "default" };
  }

  /** Whether the file holds a secret, and so should be readable by its owner alone. */
  get holdsSecrets(): boolean {
    return this.resolution.options.some(({ option: { secret, kind }, value, origin }) => {
      if (!secret || origin.from !== "file") return false;
      // Some are secret in a part that may not be there.
      return kind.redact === undefined || kind.redact(value) !== kind.show(value);
    });
  }

  #heartbeats(): Problem[] {
    return this.values.tunnel.endpoints.flatMap(({ keepalive_interval }, index) => {
      if (keepalive_interval <= LONGEST_HEARTBEAT) return [];
      const message = "keepalive_interval counts as 10 s: a longer one would show dead links as healthy for too long.";
      const path = ["tunnel", "endpoints", index, "keepalive_interval"];
      return [this.file?.problem(path, message) ?? problemOf(message)];
    });
  }
}

/** Reads and checks everything. @throws ConfigError with all that is wrong. */
export function loadConfiguration(layers: Layers): LoadedConfiguration {
  const resolution = resolve(CONFIGURATION, layers);
  const { problems, values } = resolution;
  const origins = new Map(resolution.options.map(({ path, origin }) => [pathText(path), origin.from]));
  const faults = problems.length > 0 ? [] : ruleFaults(values, (path) => origins.get(pathText(path)) ?? "default");
  const found = [
    ...problems,
    ...faults.map(({ path, message }) => layers.file?.problem(path, message) ?? problemOf(message)),
  ];
  if (found.length > 0) throw new ConfigError(found.toSorted((one, other) => one.line - other.line));
  return new LoadedConfiguration(layers, resolution);
}
