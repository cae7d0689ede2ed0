import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Settings {
  /** Names of rows; empty means all that have a bar. */
  rows: string[];
  /** Interleaved rounds of each measurement. */
  runs: number;
  /** Length of one timed measurement; undefined means what the row thinks right. */
  seconds: number | undefined;
  /** One short round with small amounts: shows that everything works, measures nothing. */
  quick: boolean;
  /** Profiles server and client while they are measured. */
  profile: boolean;
  /** Writes the table into bench/README.md. */
  write: boolean;
  list: boolean;
  /** The command to measure. */
  postern: string;
  /** A folder with the throw-away prototype (server.cjs, client.cjs) to measure in the same rounds. */
  prototype: string | undefined;
}

export const USAGE = `npm run bench -- [row …] [options]

  --runs N         interleaved rounds of each measurement (5)
  --seconds N      length of one timed measurement (each row has its own)
  --quick          one short round: shows that everything works, measures nothing
  --profile        CPU profile of server and client, with the busiest functions
  --write          put the table into bench/README.md (only after a complete run)
  --prototype DIR  also measure the prototype in DIR (server.cjs, client.cjs)
  --postern FILE   another build of the command (packages/cli/bin/postern.js)
  --list           the rows`;

export function readSettings(args: string[]): Settings {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      prototype: { type: "string" },
      postern: { type: "string" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values.write && (values.quick || values.profile || positionals.length > 0))
    throw new Error("--write needs a complete run");
  return {
    rows: positionals,
    runs: positive("--runs", values.runs) ?? (values.quick || values.profile ? 1 : 5),
    seconds: positive("--seconds", values.seconds),
    quick: values.quick,
    profile: values.profile,
    write: values.write,
    list: values.list,
    postern: resolve(values.postern ?? fileURLToPath(new URL("../packages/cli/bin/postern.js", import.meta.url))),
    prototype: values.prototype === undefined ? undefined : resolve(values.prototype),
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} takes a number above 0, not ${text}`);
  return value;
}

/** How long one timed measurement takes, in seconds. */
export function duration(settings: Settings, usual: number): number {
  return settings.seconds ?? (settings.quick ? Math.min(usual, 2) : usual);
}
