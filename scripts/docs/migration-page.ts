import {
  DIFFERENCES,
  OLDER_NAMES,
  OPTIONS_WITHOUT_EFFECT,
  type Difference,
  type OlderName,
  type WithoutEffect,
} from "@postern/config";

/** Returns docs/migration.md: how to run a file of the older program, and what differs. */
export function migrationPage(): string {
  return [
    "# Move from the older gateway",
    "Postern continues an older HTTP gateway with tunnels, and reads its configuration files. If you have such a file, usually `app_config.toml`, this page shows how to use it. The page is generated from the code with `npm run docs`.",
    "## Check your file",
    "```sh\nnpx postern config check --config app_config.toml\n```",
    [
      "The check starts nothing. It reports the following, with the line in the file:",
      "",
      "- errors: invalid values, missing certificates and keys, and unknown options. The exit code is 2.",
      "- options that this version does not support yet. `postern serve` and `postern start` refuse a file with them, instead of running a part of it. Remove them, or wait for a version that supports them.",
      "- options that have no effect (see [below](#options-without-effect)).",
      "- settings that have another meaning than before (see [what differs](#what-differs)). They are warnings if the file is called `app_config.toml` or contains an older option, and otherwise notes that do not mention the older program. If the file contains an option that only Postern has, for instance `listen` in `[server]`, they are not reported.",
    ].join("\n"),
    "## Run it",
    [
      "| older option | Postern |",
      "|---|---|",
      "| `-c FILE`, `--config FILE`, by default `./app_config.toml` | the same; `./postern.toml` is read first if it exists |",
      "| `-p 8080`, `--port 8080` | the same: all addresses of the machine. `--listen 127.0.0.1:8080` serves this machine only |",
      "| `-d DIR`, `--directory DIR` | the same, but no file is read unless `--config` names one; `postern serve DIR` is shorter |",
    ].join("\n"),
    "`postern serve` runs the gateway alone; `postern start` also runs the tunnels and the tunnel server that the file enables. Both reload the file when it changes.",
    "## What stays",
    [
      '- A route with `path = "/api/*"` removes its prefix: `/api/users` goes to `TARGET/users`. `strip_prefix = false` keeps it.',
      "- A route with a path without `*` sends requests to the path of the target.",
      "- Targets receive their own `host:port` as Host; `override_host` replaces it. X-Forwarded-Host contains the host that the visitor requested.",
      "- `[static_config]` serves files where no route takes a request. `directory` is relative to the file. See [files.md](files.md).",
      "- The service endpoints are `/health`, `/ping`, `/config/health`, `/static/health` and `/balancer/health`, with the same JSON. Routes take precedence over them, static files do not.",
      "- `[server.ssl.wildcard]` works without `enabled = true`.",
      "- `[proxy.middleware.auth]` contains the credential for the target. It does not check visitors. It is not supported yet.",
      "- The older spellings of values, such as `RoundRobin`, are accepted. `targets` can be a list of URLs.",
    ].join("\n"),
    "## What differs",
    table(["what", "older program", "Postern"], DIFFERENCES.map(differenceRow)),
    "## Options with a new name",
    "Both names are accepted. If a file sets both, only the new name has an effect.",
    table(["older name", "new name"], OLDER_NAMES.map(nameRow)),
    "## Options without effect",
    "These options are accepted with a warning. Every other unknown option is an error.",
    table(["table", "options", "why"], OPTIONS_WITHOUT_EFFECT.map(effectRow)),
    "",
  ].join("\n\n");
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function differenceRow({ topic, before, now }: Difference): string[] {
  return [topic, before, now];
}

function nameRow({ path, sets, note }: OlderName): string[] {
  return [code(path), note === undefined ? code(sets) : `${code(sets)}: ${note}`];
}

function effectRow({ table: name, keys, because, meant }: WithoutEffect): string[] {
  const why = because ?? `Did you mean ${meant}?`;
  const header = name.endsWith("[]") ? `[[${name.slice(0, -2)}]]` : `[${name}]`;
  return [code(header), keys.map(code).join(", "), why];
}

/** A path without the marks of lists, which its tables have in the reference. */
function code(path: string): string {
  return `\`${path.replace(/(?<=\w)\[\+?\]/g, "")}\``;
}
