import type { Program } from "./programs.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stage.ts";

/** One thing to measure; it may bring several lines of the table. */
export interface Row {
  /** What people type after `npm run bench`. */
  name: string;
  /** What it measures, in one line. */
  about: string;
  /** Programs it cannot do without. */
  needs: Program[];
  /** Runs only when it is named: it explains, it has no bar. */
  onRequest?: true;
  /** The time it may take with these settings, in seconds; beyond, it is ended. */
  limit(settings: Settings): number;
  run(stage: Stage, settings: Settings): Promise<Line[]>;
}

/** One line of the table. Empty text means: does not apply. */
export interface Line {
  measure: string;
  product: string;
  yardstick: string;
  ratio: string;
  bar: string;
  result: "pass" | "MISSED" | "skipped" | "failed" | "";
  /** CPU time beside the figures: Postern's (server + client), then the yardstick's. */
  cpu: string;
  note: string;
  /** Every single measurement, for the JSON file beside the table. */
  raw?: unknown;
}

export function line(fields: Partial<Line> & { measure: string }): Line {
  return { product: "", yardstick: "", ratio: "", bar: "", result: "", cpu: "", note: "", ...fields };
}

export function verdict(passed: boolean): Line["result"] {
  return passed ? "pass" : "MISSED";
}
