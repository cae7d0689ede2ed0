import { reference, type OptionReference, type SectionReference } from "@postern/config";

/** Returns docs/config.md: every table and option of the configuration, from their declarations. */
export function configPage(): string {
  return [
    "# Configuration reference",
    "Postern reads one TOML file: the file given with `--config`, otherwise `./postern.toml`, otherwise `./app_config.toml`, otherwise `~/.config/postern/postern.toml`. This page is generated from the code with `npm run docs`; a test checks that it is up to date.",
    "## Commands for the configuration file",
    [
      "| command | what it does |",
      "|---|---|",
      "| `postern config init` | writes a commented file to start from |",
      "| `postern config check` | lists every error and warning, with its line |",
      "| `postern config explain` | shows each value and where it comes from |",
      "| `postern config schema` | prints a JSON Schema for editors |",
    ].join("\n"),
    "## Precedence and syntax",
    [
      "- The command line takes precedence over the environment, the environment over the file, and the file over the default.",
      "- A _duration_ is a number of seconds, or text such as `500ms`, `30s`, `5m`, `1h` or `1d`.",
      "- A _size_ is a number of bytes, or text such as `64KB`, `10MB` or `1GiB`.",
      "- Postern replaces `${NAME}` in a text with the value of an environment variable. `${NAME:default}` uses the default if the variable is not set. `$${` stands for a literal `${`.",
      "- A relative path in the file is relative to the folder of the file.",
      "- A description ends with the command-line flag and the environment variable of the option, if it has them. _Secret_ means that Postern never prints the value.",
      "- The environment variables of `[[tunnel.endpoints]]` apply to `postern http`, which shares one service. `postern start` takes endpoints from the file only.",
    ].join("\n"),
    "An option marked _Not supported yet_ works only with its default; the mark names the missing feature. `postern config check` lists the options in a file that need such a feature, and `postern start` and `postern serve` refuse to run the file.",
    "The _gateway_ (`[server]`, `[[proxy]]` and `[static_config]`) forwards HTTP requests to services and serves files, without a tunnel. `postern serve` runs it, and so does `postern start` if the file has a route or static files.",
    "Postern also accepts the files of the older gateway that it continues. [migration.md](migration.md) lists the options that have a new name or no effect.",
    "Postern rejects a file that other users can write. It warns if other users can read a file that contains secrets.",
    ...reference()
      .filter(({ options, pending }) => options.length > 0 || pending !== undefined)
      .flatMap(section),
    "",
  ].join("\n\n");
}

function section({ header, doc, pending, options }: SectionReference): string[] {
  const text = [doc, ...supportNotes(pending)].join(" ");
  return [`## \`${header}\``, text, ...(options.length === 0 ? [] : [table(options)])];
}

function table(options: OptionReference[]): string {
  return ["| option | value | default | description |", "|---|---|---|---|", ...options.map(row)].join("\n");
}

function row({ name, kind, default: value, env, flag, secret, doc, pending }: OptionReference): string {
  const notes = [
    doc,
    ...(secret ? ["Secret."] : []),
    ...(flag === undefined ? [] : [`\`${flag}\`.`]),
    ...(env === undefined ? [] : [`\`${env}\`.`]),
    ...supportNotes(pending),
  ];
  const shown = value === undefined ? "" : `\`${value}\``;
  return `| \`${name}\` | ${kind} | ${shown} | ${notes.join(" ").replaceAll("|", "\\|")} |`;
}

function supportNotes(pending: string | undefined): string[] {
  return pending === undefined ? [] : [`_Not supported yet:_ ${pending}.`];
}
