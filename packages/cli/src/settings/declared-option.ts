import { Option as CommandOption, type Command } from "commander";
import type { Option } from "@postern/config";

/** An option of the configuration as the command line has it: its help says what the configuration's documentation says. */
export function declaredOption(option: Option<unknown>): CommandOption {
  const { flag, flagDoc, doc, env, kind, default: value } = option;
  if (flag === undefined) throw new Error("this option has no flag");
  const made = new CommandOption(flag, flagDoc ?? doc.charAt(0).toLowerCase() + doc.slice(1).replace(/\.$/, ""));
  if (made.negate) return made;
  if (env !== undefined) made.env(env);
  const isTelling = value !== undefined && value !== 0 && !Array.isArray(value);
  if (isTelling) made.default(value, kind.show(value).replaceAll('"', ""));
  return made;
}

/** What was typed, by the name of its flag. The environment is read where the file is. */
export function typedFlags(command: Command): Record<string, string> {
  const typed = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  return Object.fromEntries(
    typed.map((option) => [option.long as string, String(command.getOptionValue(option.attributeName()))]),
  );
}
