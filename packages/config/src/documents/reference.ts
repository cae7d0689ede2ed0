import type { Option, Section } from "../declared/declaration.js";
import { CONFIGURATION } from "../declared/configuration.js";
import { headerText, type Path } from "../file/path.js";
import { environmentName, flagName } from "../resolving/option-names.js";

/** A table of the configuration, for docs/config.md. */
export interface SectionReference {
  /** `[tunnel.auth]`. */
  header: string;
  doc: string;
  pending: string | undefined;
  options: OptionReference[];
}

export interface OptionReference {
  name: string;
  kind: string;
  /** The default as TOML; undefined if there is none. */
  default: string | undefined;
  env: string | undefined;
  flag: string | undefined;
  secret: boolean;
  doc: string;
  pending: string | undefined;
}

/** Returns all tables; an outer table precedes its inner tables. */
export function reference(): SectionReference[] {
  return ofSection(CONFIGURATION, [], undefined);
}

function ofSection(section: Section, path: Path, outer: string | undefined): SectionReference[] {
  const pending = section.pending ?? outer;
  const options: OptionReference[] = [];
  const inner: SectionReference[] = [];
  for (const [name, entry] of Object.entries(section.entries)) {
    const there = [...path, name];
    if (entry.form === "option") options.push(ofOption(entry, there));
    else if (entry.form === "section") inner.push(...ofSection(entry, there, pending));
    else inner.push(...ofSection(entry.each, [...there, 0], pending));
  }
  return [{ header: headerText(path), doc: section.doc, pending, options }, ...inner];
}

function ofOption(option: Option<unknown>, path: Path): OptionReference {
  const { kind, doc, secret, pending } = option;
  return {
    name: String(path.at(-1)),
    kind: kind.name,
    default: option.default === undefined ? undefined : kind.show(option.default),
    env: path.some((part) => typeof part === "number") ? option.env : environmentName(path, option),
    flag: flagName(option),
    secret,
    doc,
    pending,
  };
}
