import type { Entry, Section } from "../declared/declaration.js";
import { CONFIGURATION } from "../declared/configuration.js";
import type { JsonSchema } from "../kinds/kind.js";

/** Returns the JSON Schema (draft 2020-12) of the configuration, for editors. */
export function jsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "postern.toml",
    ...ofSection(CONFIGURATION),
  };
}

function ofSection({ doc, entries }: Section): JsonSchema {
  const properties = Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, ofEntry(entry)]));
  return { type: "object", description: doc, properties, additionalProperties: false };
}

function ofEntry(entry: Entry): JsonSchema {
  if (entry.form === "section") return ofSection(entry);
  if (entry.form === "sections") return { type: "array", items: ofSection(entry.each) };
  const { kind, doc } = entry;
  return { description: doc, ...kind.schema };
}
