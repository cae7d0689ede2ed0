import type { Program } from "./programs.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stage.ts";

/** A measurement, which adds one or more lines to the table. */
export interface Row {
  /** The argument of `npm run bench` that selects it. */
  name: string;
  /** What it measures, in one line. */
  about: string;
  /** Programs that must be installed. */
  needs: Program[];
  /** Runs only when it is named, because it explains figures and has no target. */
  onRequest?: true;
  /** The maximum time with these settings, in seconds. After that the row fails. */
  limit(settings: Settings): number;
  run(stage: Stage, settings: Settings): Promise<Line[]>;
}

/** One line of the table. An empty text means that the column does not apply. */
export interface Line {
  /** The name of its row. */
  row: string;
  measure: string;
  product: string;
  yardstick: string;
  ratio: string;
  bar: string;
  result: "pass" | "MISSED" | "skipped" | "failed" | "";
  /** CPU time: Postern's (server + client), then the yardstick's. */
  cpu: string;
  /** The garbage collector's work in Postern's processes. */
  collector: string;
  /** With --against: the ratio of two setups of the same build. */
  noise: string;
  note: string;
  charts?: Figures[];
  /** Every measurement, for the JSON file with the table. */
  raw?: unknown;
}

/** Two figures for the charts of docs/performance.md, which find them by `id`. */
export interface Figures {
  id: string;
  product: Figure;
  yardstick: Figure;
}

export interface Figure {
  value: number;
  /** The value with its unit. */
  shown: string;
}

export function figures(id: string, product: number, yardstick: number, show: (value: number) => string): Figures {
  const figure = (value: number): Figure => ({ value, shown: show(value) });
  return { id, product: figure(product), yardstick: figure(yardstick) };
}

export function line(fields: Partial<Line> & { measure: string }): Line {
  const empty = { product: "", yardstick: "", ratio: "", bar: "", cpu: "", collector: "", noise: "", note: "" };
  return { row: "", ...empty, result: "", ...fields };
}

export function verdict(passed: boolean): Line["result"] {
  return passed ? "pass" : "MISSED";
}

/** The columns of a ratio that must not be below `bar`. Empty without a bar. */
export function atLeast(bar: number | undefined, ratio: number): Partial<Line> {
  return bar === undefined ? {} : { bar: `≥ ${bar}`, result: verdict(ratio >= bar) };
}

/** The columns of a ratio that must not be above `bar`. Empty without a bar. */
export function atMost(bar: number | undefined, ratio: number): Partial<Line> {
  return bar === undefined ? {} : { bar: `≤ ${bar}`, result: verdict(ratio <= bar) };
}
