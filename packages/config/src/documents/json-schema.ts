import type { Entry, Section } from "../declared/declaration.js";
import { CONFIGURATION } from "../declared/configuration.js";
import type { JsonSchema } from "../kinds/kind.js";
import { OLDER_NAMES } from "../older/older-names.js";
import { OPTIONS_WITHOUT_EFFECT } from "../older/options-without-effect.js";

/** Returns the JSON Schema (draft 2020-12) of the configuration, for editors. */
export function jsonSchema(): JsonSchema {
  const configuration = ofSection(CONFIGURATION);
  for (const { path, sets } of OLDER_NAMES) addDeprecated(configuration, path, `Older name of ${sets}.`);
  for (const { table, keys, because, meant } of OPTIONS_WITHOUT_EFFECT)
    for (const key of keys) {
      const reason = because === undefined ? `Did you mean ${meant}?` : `No effect: ${because}.`;
      addDeprecated(configuration, `${table}.${key}`, reason);
    }
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title: "postern.toml", ...configuration };
}

interface TableSchema extends JsonSchema {
  properties: Record<string, JsonSchema>;
}

/** Adds an option of older files. Tables that only they have are added as well. */
function addDeprecated(configuration: TableSchema, path: string, description: string): void {
  const parts = path.split(".");
  const key = parts.pop() as string;
  let table = configuration;
  for (const part of parts) {
    const name = part.replace("[]", "");
    const inner = (table.properties[name] ??= {
      type: "object",
      deprecated: true,
      properties: {},
      additionalProperties: false,
    });
    table = (name === part ? inner : inner["items"]) as TableSchema;
  }
  table.properties[key] = { description, deprecated: true };
}

function ofSection({ doc, entries }: Section): TableSchema {
  const properties = Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, ofEntry(entry)]));
  return { type: "object", description: doc, properties, additionalProperties: false };
}

function ofEntry(entry: Entry): JsonSchema {
  if (entry.form === "section") return withShorthand(entry);
  if (entry.form === "sections") return { type: "array", items: withShorthand(entry.each) };
  const { kind, doc } = entry;
  return { description: doc, ...kind.schema };
}

/** A table, or the text that stands in its place. */
function withShorthand(section: Section): JsonSchema {
  const { entries, shorthand } = section;
  const table = ofSection(section);
  const option = shorthand === undefined ? undefined : entries[shorthand];
  return option === undefined ? table : { anyOf: [table, ofEntry(option)] };
}
