import { Option, type Command } from "commander";
import { declaredOption, typedFlags } from "../settings/declared-option.js";
import type { Terminal } from "../terminal/terminal.js";
import { CONFIG_FILE, type CommandDeclaration, type CommandInput, type CommandOption } from "./command.js";

/**
 * Adds a command and its subcommands to `parent`.
 * @param onExit called with the exit code of the command that was run.
 */
export function register(
  parent: Command,
  declaration: CommandDeclaration,
  terminal: Terminal,
  onExit: (exitCode: number) => void,
): void {
  const { name, summary, details, argument, options = [], help, run } = declaration;
  const command = parent.command(name).summary(summary).helpOption("-h, --help", "print help");
  command.description([`${capitalised(summary)}.`, ...(details === undefined ? [] : [details])].join(" "));
  const path = parent.parent === null && parent.name() === "postern" ? name : `${parent.name()} ${name}`;
  command.showHelpAfterError(`Run \`postern ${path} --help\` for its arguments and options.`);
  if (argument !== undefined) command.argument(argument.usage, argument.description, argument.default);
  else if (options.includes(CONFIG_FILE)) explainFileArgument(command);
  if (argument?.isHidden === true) hideArgument(command);
  for (const option of options)
    command.addOption(option.form === "option" ? declaredOption(option) : commandOption(option));
  if (help !== undefined) command.addHelpText("after", `\n${help}`);
  if (run !== undefined)
    command.action(async () => {
      onExit(await run(inputOf(command), terminal));
    });
  if (declaration.subcommands !== undefined) command.helpCommand("help [command]", "print help for a command");
  for (const each of declaration.subcommands ?? []) register(command, each, terminal, onExit);
}

function inputOf(command: Command): CommandInput {
  const { config } = command.opts<{ config?: string }>();
  const isSet = (flag: string): boolean => isSwitchedOn(command, flag);
  const [given] = command.processedArgs as (string | string[] | undefined)[];
  // `[words...]` stands for several words.
  const argument = Array.isArray(given) ? given.join(" ") || undefined : given;
  return {
    config,
    json: isSet("--json"),
    flags: typedFlags(command),
    command: command.name(),
    argument,
    isSet,
    valueOf: (flag) => String(command.getOptionValue(attributeOf(command, flag)) ?? ""),
    valuesOf: (flag) => (command.getOptionValue(attributeOf(command, flag)) as readonly string[] | undefined) ?? [],
  };
}

/** A word after a command that takes none, and reads a configuration file, is probably the path of that file. */
function explainFileArgument(command: Command): void {
  const inherited = command.configureOutput();
  command.configureOutput({
    outputError: (text, write) => {
      const isWord = text.includes("too many arguments");
      inherited.outputError?.(
        isWord ? `${text.trimEnd()} Name a configuration file with --config <file>.\n` : text,
        write,
      );
    },
  });
}

function hideArgument(command: Command): void {
  command.usage("[options]").configureHelp({ visibleArguments: () => [] });
}

function commandOption({
  flags,
  description,
  env,
  default: value,
  isHidden = false,
  isRepeatable,
}: CommandOption): Option {
  const option = new Option(flags, description).default(value).hideHelp(isHidden);
  if (isRepeatable === true) option.argParser((next, given?: readonly string[]) => [...(given ?? []), next]);
  return env === undefined ? option : option.env(env);
}

/** Whether a flag is set. An environment variable such as POSTERN_JSON=0 does not set it. */
function isSwitchedOn(command: Command, flag: string): boolean {
  const option = command.options.find(({ long }) => long === flag);
  const name = attributeOf(command, flag);
  if (command.getOptionValueSource(name) !== "env") return command.getOptionValue(name) === true;
  return !/^(0|no|off|false|)$/i.test(process.env[option?.envVar ?? ""] ?? "");
}

function attributeOf(command: Command, flag: string): string {
  return command.options.find(({ long }) => long === flag)?.attributeName() ?? "";
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
