import type { Entry, Section } from "./declaration.js";
import { CONFIGURATION } from "./declared/configuration.js";
import type { JsonSchema } from "./kind.js";

/** For editors: what a configuration may hold (JSON Schema, draft 2020-12). */
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
