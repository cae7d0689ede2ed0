import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** An option as docs/config.md has it. */
export interface DocumentedOption {
  /** `tunnel.auth`, without brackets. */
  section: string;
  name: string;
  isSecret: boolean;
  /** Every way to give it. */
  channels: Channel[];
}

/** One way to give an option: in the file, or by this variable or flag. */
export type Channel = { by: "file" } | { by: "env" | "flag"; name: string };

/** All options of docs/config.md that this version acts on. */
export function documentedOptions(): DocumentedOption[] {
  const text = readFileSync(fileURLToPath(new URL("../../docs/config.md", import.meta.url)), "utf8");
  return text.split(/^## /m).flatMap((part) => {
    const section = /^`\[\[?([\w.]+)\]\]?`/.exec(part)?.[1];
    const [before = "", ...rows] = part.split(/^(?=\| `)/m);
    if (section === undefined || /_(Not supported yet|No effect):_/.test(before)) return [];
    return rows
      .map((row) => (row.split("\n", 1)[0] as string).split(/(?<!\\)\|/).map((cell) => cell.trim()))
      .filter(([, , , , doc = ""]) => !/_(Not supported yet|No effect):_/.test(doc))
      .map(([, name = "", , , doc = ""]) => ({
        section,
        name: name.replaceAll("`", ""),
        isSecret: / Secret\./.test(doc),
        channels: [
          { by: "file" as const },
          // The endpoints' are those of all: `postern start` takes endpoints from the file alone.
          ...(section.startsWith("tunnel.endpoints")
            ? []
            : [...doc.matchAll(/`(POSTERN_\w+|--[\w-]+)`/g)].map(([, given = ""]) => ({
                by: given.startsWith("--") ? ("flag" as const) : ("env" as const),
                name: given,
              }))),
        ],
      }));
  });
}

/** What a configuration says, by section and option. */
export type Settings = Record<string, Record<string, SettingValue>>;
export type SettingValue = string | number | boolean | string[] | Record<string, string>;

/** Settings as a command takes them. */
export interface GivenSettings {
  /** Tables with headers. */
  toml: string;
  env: Record<string, string>;
  args: string[];
}

/** Gives all settings by the file, but this one by its channel. */
export function given(settings: Settings, section: string, name: string, channel: Channel): GivenSettings {
  const value = settings[section]?.[name];
  if (value === undefined) throw new Error(`${section}.${name} is not among the settings`);
  const inFile = Object.entries(settings).map(([header, options]) => {
    const lines = Object.entries(options)
      .filter(([option]) => channel.by === "file" || header !== section || option !== name)
      .map(([option, each]) => `${option} = ${asToml(each)}`);
    return `[${header}]\n${lines.join("\n")}\n`;
  });
  return {
    toml: inFile.join(""),
    env: channel.by === "env" ? { [channel.name]: asText(value) } : {},
    args: channel.by === "flag" ? [channel.name, asText(value)] : [],
  };
}

function asToml(value: SettingValue): string {
  if (typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)} = ${JSON.stringify(each)}`)
    .join(", ")} }`;
}

/** As the environment and the command line have it. */
function asText(value: SettingValue): string {
  if (Array.isArray(value)) return value.join(",");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}=${each}`)
    .join(",");
}

/** How a test calls a channel. */
export function channelText(channel: Channel): string {
  return channel.by === "file" ? "in the file" : channel.name;
}
