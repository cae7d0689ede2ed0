import { Option as CommandOption, type Command } from "commander";
import type { Option } from "@postern/config";

/** An option of the configuration as a flag, with its documentation as help. */
export function declaredOption(option: Option<unknown>): CommandOption {
  const { flag, flagSets, flagDoc, doc, env, kind, default: value } = option;
  if (flag === undefined) throw new Error("the option has no flag");
  const result = new CommandOption(flag, flagDoc ?? uncapitalized(doc).replace(/\.$/, ""));
  if (flagSets !== undefined) return result.preset(flagSets);
  if (result.negate) return result;
  if (env !== undefined) result.env(env);
  // Entries of a list or of a table may also come one by one.
  if (Array.isArray(value))
    return result.argParser((text: string, before: unknown) =>
      typeof before === "string" ? `${before},${text}` : text,
    );
  if (typeof value === "object" && value !== null)
    return result.argParser((text: string, before: unknown) =>
      typeof before === "string" ? `${before}\n${text}` : text,
    );
  const hasMeaning = value !== undefined && value !== 0 && !Array.isArray(value);
  if (hasMeaning) result.default(value, kind.show(value).replaceAll('"', ""));
  return result;
}

/** Abbreviations, such as CA, keep their case. */
function uncapitalized(text: string): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

/** The values of the command line, by flag. Values of the environment are read with the configuration file. */
export function typedFlags(command: Command): Record<string, string> {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  return Object.fromEntries(
    given.map((option) => [option.long as string, String(command.getOptionValue(option.attributeName()))]),
  );
}
