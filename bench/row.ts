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
  measure: string;
  product: string;
  yardstick: string;
  ratio: string;
  bar: string;
  result: "pass" | "MISSED" | "skipped" | "failed" | "";
  /** CPU time: Postern's (server + client), then the yardstick's. */
  cpu: string;
  /** With --against: the ratio of two setups of the same build. */
  noise: string;
  note: string;
  /** Every measurement, for the JSON file with the table. */
  raw?: unknown;
}

export function line(fields: Partial<Line> & { measure: string }): Line {
  return { product: "", yardstick: "", ratio: "", bar: "", result: "", cpu: "", noise: "", note: "", ...fields };
}

export function verdict(passed: boolean): Line["result"] {
  return passed ? "pass" : "MISSED";
}
