import type { Option, Section } from "../declared/declaration.js";
import { CONFIGURATION } from "../declared/configuration.js";
import type { Path } from "../file/path.js";

const HEADER = `# Postern's configuration. Options that are commented out show their default or an example.
# Durations are seconds, or text like "500ms", "30s", "5m". Sizes are bytes, or text like "10MB".
# "\${NAME}" and "\${NAME:default}" are replaced with the value of an environment variable.
# \`postern config check\` lists errors; \`postern config explain\` shows each value and its source.
`;

/** Options that a starting file sets. All others are commented out. */
const SET: ReadonlySet<string> = new Set([
  "tunnel.endpoints.server_url",
  "tunnel.endpoints.subdomain",
  "tunnel.endpoints.local",
  "tunnel.auth.api_key_file",
]);

/** Tables that few users need, or whose presence starts the gateway. The starting file omits them. */
const EXCEPTIONS: ReadonlySet<string> = new Set([
  "tunnel.endpoints.access",
  "tunnel.endpoints.auth",
  "tunnel.endpoints.files",
  "tunnel.server.policies.always",
  "tunnel.server.ssl.certificates",
  "static_config",
  "proxy",
]);

/** A table would be a route, so it is a comment. */
const GATEWAY = `
# Route of the gateway, for \`postern serve\` and \`postern start\`. One table for each route:
#   [[proxy]]
#   path = "/api/*"
#   target = "http://localhost:3000"

# Files that the gateway serves where no route takes a request:
#   [static_config]
#   directory = "./public"
`;

/** Returns a commented configuration file for a client that shares one service. */
export function startingFile(): string {
  return `${HEADER}${sectionText(CONFIGURATION, [], false)}${GATEWAY}`;
}

function sectionText({ entries }: Section, path: Path, repeated: boolean): string {
  const options: string[] = [];
  const tables: string[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const there = [...path, name];
    if (entry.form === "option") {
      if (entry.pending === undefined) options.push(optionText(entry, there));
      continue;
    }
    const inner = entry.form === "section" ? entry : entry.each;
    if (inner.pending !== undefined || EXCEPTIONS.has(there.join("."))) continue;
    tables.push(sectionText(inner, there, entry.form === "sections"));
  }
  if (options.length === 0) return tables.join("");
  const header = repeated ? `[[${path.join(".")}]]` : `[${path.join(".")}]`;
  const { doc } = sectionAt(path);
  return `\n# ${doc}\n${header}\n${options.join("")}${tables.join("")}`;
}

function optionText(option: Option<unknown>, path: Path): string {
  const isSet = SET.has(path.join("."));
  const value = isSet || option.default === undefined ? (option.example ?? '""') : option.kind.show(option.default);
  const line = `${path.at(-1)} = ${value}`;
  return `# ${option.doc}\n${isSet ? line : `# ${line}`}\n`;
}

function sectionAt(path: Path): Section {
  let section: Section = CONFIGURATION;
  for (const name of path) {
    const entry = section.entries[name];
    if (entry?.form === "section") section = entry;
    else if (entry?.form === "sections") section = entry.each;
  }
  return section;
}
