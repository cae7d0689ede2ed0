import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** An option as documented in docs/config.md. */
export interface DocumentedOption {
  /** `tunnel.auth`, without brackets. */
  section: string;
  name: string;
  isSecret: boolean;
  /** All ways to set the option. */
  channels: Channel[];
}

/** A way to set an option: in the file, by a variable or by a flag. */
export type Channel = { by: "file" } | { by: "env" | "flag"; name: string };

/** Returns all options of docs/config.md that this version supports. */
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
          // `postern start` reads endpoints from the file only.
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

/** Values by section and option. */
export type Settings = Record<string, Record<string, SettingValue>>;
export type SettingValue = string | number | boolean | string[] | Record<string, string>;

/** Settings as a file, variables and arguments of a command. */
export interface GivenSettings {
  /** Content of the configuration file. */
  toml: string;
  env: Record<string, string>;
  args: string[];
}

/** Sets one option by the channel and all others in the file. */
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

/** Returns the value as text for the environment and the command line. */
function asText(value: SettingValue): string {
  if (Array.isArray(value)) return value.join(",");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}=${each}`)
    .join(",");
}

/** Returns the name of a channel for test titles. */
export function channelText(channel: Channel): string {
  return channel.by === "file" ? "in the file" : channel.name;
}
