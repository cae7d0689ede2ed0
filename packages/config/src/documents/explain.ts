import { pathText, type Path } from "../file/path.js";
import type { Origin, ResolvedOption } from "../resolving/resolve.js";
import type { TomlFile } from "../file/toml-file.js";
import { redactUrls } from "../file/redact-urls.js";

/** A row of `postern config explain`. */
export interface Explanation {
  path: string;
  /** The value as TOML; `***` for a secret; undefined if there is none. */
  value: string | undefined;
  /** `default`, `postern.toml:12`, `POSTERN_LISTEN` or `--listen`. */
  origin: string;
}

/** Returns every option with its value and the source of the value. */
export function explain(options: readonly ResolvedOption[], file: TomlFile | undefined): Explanation[] {
  return options.map(({ path, option, value, origin }) => ({
    path: pathText(path),
    value: value === undefined ? undefined : shownValue(option, value),
    origin: originText(origin, file),
  }));
}

function shownValue({ secret, kind }: ResolvedOption["option"], value: unknown): string {
  if (secret && isGiven(value)) return kind.redact?.(value) ?? "***";
  return redactUrls(kind.show(value));
}

/** Returns the source of a value: `default`, `postern.toml:12`, a variable or a flag. */
export function originText(origin: Origin, file: TomlFile | undefined): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "file":
      return place(origin.path, file);
    default:
      return origin.name;
  }
}

function place(path: Path, file: TomlFile | undefined): string {
  return file?.place(path) ?? "file";
}

function isGiven(value: unknown): boolean {
  return typeof value !== "object" || value === null || Object.keys(value).length > 0;
}
