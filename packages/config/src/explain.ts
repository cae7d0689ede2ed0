import { pathText, type Path } from "./path.js";
import type { Origin, ResolvedOption } from "./resolve.js";
import type { TomlFile } from "./toml-file.js";
import { withoutUserinfo } from "./without-userinfo.js";

/** An option as `config explain` tells it. */
export interface Explanation {
  path: string;
  /** As TOML; `***` for a secret, undefined where there is none. */
  value: string | undefined;
  /** `default`, `postern.toml:12`, `POSTERN_LISTEN` or `--listen`. */
  origin: string;
}

/** Every option that has a value, and where each value comes from. */
export function explain(options: readonly ResolvedOption[], file: TomlFile | undefined): Explanation[] {
  return options.map(({ path, option, value, origin }) => ({
    path: pathText(path),
    value: value === undefined ? undefined : shownValue(option, value),
    origin: originText(origin, file),
  }));
}

function shownValue({ secret, kind }: ResolvedOption["option"], value: unknown): string {
  if (secret && isGiven(value)) return kind.redact?.(value) ?? "***";
  return withoutUserinfo(kind.show(value));
}

/** Where a value comes from, in a few words. */
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
