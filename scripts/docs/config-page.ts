import { reference, type OptionReference, type SectionReference } from "@postern/config";

/** docs/config.md: every table and every option, as they are declared. */
export function configPage(): string {
  return [
    "# Configuration",
    "One TOML file says everything: `./postern.toml`, else `~/.config/postern/postern.toml`, or the one named with `--config`. `postern config init` writes one to begin with, `postern config check` says all that is wrong with it, `postern config explain` shows each value and where it comes from, and `postern config schema` prints a JSON Schema for editors. This page is made from the declarations in the code (`npm run docs`); a test compares them.",
    "A value is looked for on the command line, then in the environment, then in the file; else the default counts. A _duration_ is a number of seconds, or text like `500ms`, `30s`, `5m`, `1h`, `1d`. A _size_ is a number of bytes, or text like `64KB`, `10MB`, `1GiB`. Text may take values from the environment: `${NAME}`, or `${NAME:default}`; a plain `${` is written `$${`. Paths are relative to the file that they stand in.",
    "Environment names of `[[tunnel.endpoints]]` count for `postern http`, which shares one service; `postern start` takes endpoints from the file alone. Sections and options marked _not yet_ are checked like all others, but this version does nothing with them: `postern config check` names those that a file uses, and `postern start` refuses to run half of what it says.",
    "A file that other users can change is refused; one that holds secrets and that they can read is warned about.",
    ...reference()
      .filter(({ options, pending }) => options.length > 0 || pending !== undefined)
      .flatMap(section),
    "",
  ].join("\n\n");
}

function section({ header, doc, pending, ignored, options }: SectionReference): string[] {
  const notes = [
    ...(pending === undefined ? [] : [`_Not yet:_ waits for ${pending}.`]),
    ...(ignored === undefined ? [] : [`_Without effect:_ ${ignored}.`]),
  ];
  return [`## \`${header}\``, [doc, ...notes].join(" "), ...(options.length === 0 ? [] : [table(options)])];
}

function table(options: OptionReference[]): string {
  return ["| option | value | default | |", "|---|---|---|---|", ...options.map(row)].join("\n");
}

function row({ name, kind, default: value, env, flag, secret, doc, pending, ignored }: OptionReference): string {
  const notes = [
    doc,
    ...(secret ? ["Secret."] : []),
    ...(flag === undefined ? [] : [`\`${flag}\`.`]),
    ...(env === undefined ? [] : [`\`${env}\`.`]),
    ...(pending === undefined ? [] : [`_Not yet:_ waits for ${pending}.`]),
    ...(ignored === undefined ? [] : [`_Without effect:_ ${ignored}.`]),
  ];
  const shown = value === undefined ? "" : `\`${value}\``;
  return `| \`${name}\` | ${kind} | ${shown} | ${notes.join(" ").replaceAll("|", "\\|")} |`;
}
