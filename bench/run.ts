import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { commandOf } from "./comparison/compare-builds.ts";
import { comparisonRows } from "./comparison/index.ts";
import { describeMachine } from "./machine.ts";
import { missingPrograms } from "./programs.ts";
import { asText, merge, newRecord, readRecord, save, writePages, type Results } from "./record.ts";
import { line, type Line, type Row } from "./row.ts";
import { ROWS } from "./rows/index.ts";
import { readSettings, USAGE, type Settings } from "./settings.ts";
import { Stage } from "./stage.ts";

/** Above this load, other programs distort the figures. */
const BUSY_LOAD = 0.5;

const settings = attempt(() => readSettings(process.argv.slice(2)));
const available = settings.against === undefined ? ROWS : comparisonRows(settings.against);
if (settings.list) {
  for (const row of available)
    console.log(`${row.name.padEnd(16)} ${row.about}${row.onRequest ? " (only when named)" : ""}`);
  process.exit(0);
}
if (settings.from.length > 0) {
  await writePages(merge(settings.from.map(readRecord)));
  process.exit(0);
}
const rows = attempt(() => chosen(settings));
if (settings.against !== undefined && !existsSync(commandOf(settings.against)))
  refuse(`${settings.against} is not a checkout of Postern: ${commandOf(settings.against)} does not exist`);
const missing = missingPrograms(rows.flatMap((row) => row.needs));
if (missing) refuse(missing);

let stage: Stage | undefined;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    interrupted = true;
    console.error(`\n${signal}: stopping`);
    void (stage?.close() ?? Promise.resolve()).then(() => process.exit(130));
  });
}

const machine = describeMachine();
const load = loadavg()[0] ?? 0;
if (load > BUSY_LOAD) console.error(`The machine is busy (load ${load.toFixed(1)}): the figures will not be reliable.`);
// A row that failed may leave a promise behind that rejects later. The other rows must still run.
process.on("unhandledRejection", (error) => console.error(`  after a failure: ${String(error)}`));
const results: Results = { conditions: conditions(machine), lines: [] };
const { lines } = results;
const record = newRecord();
const begun = performance.now();
for (const row of rows) {
  console.error(`${minutes()} ${row.name}: ${row.about}`);
  lines.push(...(await measured(row)));
  // After every row, so that the results of the earlier rows survive whatever ends the run.
  save(record, results, settings);
  // The signal handler ends the process after the clean-up.
  if (interrupted) await new Promise(() => {});
}

console.log(`\n${asText(results, settings)}\n`);
console.log(`${record}.md, after ${minutes()}`);
if (settings.write) await writePages(results);
// A missed target is a failure, so that scripts detect it.
process.exit(lines.some(({ result }) => result === "MISSED" || result === "failed") ? 1 : 0);

/** Runs one row on a stage of its own, within its time limit. A failure becomes a line of the table. */
async function measured(row: Row): Promise<Line[]> {
  stage = new Stage();
  const limit = row.limit(settings);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${limit} s`)), limit * 1000);
  });
  try {
    const work = row.run(stage, settings);
    // If another promise rejects first, closing the stage also makes the work fail, and nothing awaits that failure.
    work.catch(() => {});
    const rowLines = await Promise.race([work, late, stage.broken]);
    return rowLines.map((each) => ({ ...each, row: row.name }));
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    if (!interrupted) console.error(`  failed: ${note}`);
    return [line({ row: row.name, measure: row.name, result: "failed", note: note.slice(0, 300) })];
  } finally {
    clearTimeout(timer);
    await stage.close().catch((error: unknown) => console.error(`  not cleaned up: ${String(error)}`));
  }
}

/** The time since the start of the first row, as minutes and seconds. */
function minutes(): string {
  const seconds = Math.round((performance.now() - begun) / 1000);
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, "0")}`;
}

function chosen({ rows: names }: Settings): Row[] {
  if (names.length === 0) return available.filter((row) => !row.onRequest);
  return names.map((name) => {
    const row = available.find((each) => each.name === name);
    if (!row)
      throw new Error(`there is no row called ${name}; the rows are ${available.map((each) => each.name).join(", ")}`);
    return row;
  });
}

function conditions(of: string): string {
  return `${new Date().toISOString().slice(0, 10)}; ${rounds()}. ${of}. Load before the run: ${load.toFixed(1)}.`;
}

function rounds(): string {
  if (settings.quick) return "one quick round: the figures are not meaningful";
  if (settings.against === undefined) return `medians of ${settings.rounds} interleaved rounds`;
  return `medians of ${settings.pairs} × ${settings.rounds} interleaved rounds, against ${settings.against}`;
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
