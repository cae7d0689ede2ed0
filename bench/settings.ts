import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Settings {
  /** Names of rows; empty means all rows that need not be named. */
  rows: string[];
  /** Interleaved rounds of each measurement. With `against`, rounds of each process pair. */
  rounds: number;
  /** With `against`: how often all processes are started again. */
  pairs: number;
  /** A built checkout whose `postern` this build is compared with. */
  against: string | undefined;
  /** Length of one timed measurement; undefined means each row's own default. */
  seconds: number | undefined;
  /** One short round with small amounts, to check that everything works. The figures are meaningless. */
  quick: boolean;
  /** Profile server and client while they are measured. */
  profile: boolean;
  /** Write the table into bench/README.md, and table and charts into docs/performance. */
  write: boolean;
  /** Do not measure: write the pages from the results that earlier runs saved in these files. */
  from: string[];
  list: boolean;
  /** The command to measure. */
  postern: string;
  /** A folder with a prototype (server.cjs, client.cjs) to measure in the same rounds. */
  prototype: string | undefined;
}

export const USAGE = `npm run bench -- [row …] [options]

  --rounds N       interleaved rounds of each measurement (5; with --against 24 for each pair)
  --seconds N      length of one timed measurement (each row has its own default)
  --quick          one short round, to check that everything works; the figures are not meaningful
  --profile        CPU profile of server and client, with the busiest functions
  --write          put the results into bench/README.md and docs/performance (only after a complete run)
  --from FILE      with --write: do the same with the results of an earlier run (bench/.out/….json), without measuring;
                   given again, rows of the later file replace those of the earlier one
  --prototype DIR  also measure the prototype in DIR (server.cjs, client.cjs)
  --postern FILE   measure another build of the command (packages/cli/bin/postern.js)
  --against DIR    compare CPU time and system calls with the built checkout in DIR
  --pairs N        with --against: how often all servers and clients are started again (3)
  --list           list the rows`;

export function readSettings(args: string[]): Settings {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      pairs: { type: "string" },
      against: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      from: { type: "string", multiple: true, default: [] },
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
  if (values.write && (values.quick || values.profile || values.against !== undefined || positionals.length > 0))
    throw new Error("--write needs a complete run");
  if (values.from.length > 0 && !values.write) throw new Error("--from needs --write");
  if (values.pairs !== undefined && values.against === undefined) throw new Error("--pairs needs --against");
  return {
    rows: positionals,
    rounds: whole("--rounds", values.rounds) ?? defaultRounds(values.quick || values.profile, values.against),
    pairs: whole("--pairs", values.pairs) ?? (values.quick ? 1 : 3),
    against: values.against === undefined ? undefined : resolve(values.against),
    seconds: positive("--seconds", values.seconds),
    quick: values.quick,
    profile: values.profile,
    write: values.write,
    from: values.from.map((file) => resolve(file)),
    list: values.list,
    postern: resolve(values.postern ?? fileURLToPath(new URL("../packages/cli/bin/postern.js", import.meta.url))),
    prototype: values.prototype === undefined ? undefined : resolve(values.prototype),
  };
}

function defaultRounds(brief: boolean, against: string | undefined): number {
  if (brief) return 1;
  return against === undefined ? 5 : 24;
}

function whole(name: string, text: string | undefined): number | undefined {
  const value = positive(name, text);
  if (value !== undefined && !Number.isInteger(value)) throw new Error(`${name} takes a whole number, not ${text}`);
  return value;
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} takes a number above 0, not ${text}`);
  return value;
}

/** The length of one timed measurement, in seconds. */
export function duration(settings: Settings, usual: number): number {
  return settings.seconds ?? (settings.quick ? Math.min(usual, 2) : usual);
}
