import { join } from "node:path";
import type { Settings } from "../settings.ts";

/** The three setups of a comparison, in the order in which results are kept. */
export const SETUPS = ["against", "current", "repeat"] as const;

/** Every order of three setups. In six rounds each setup is measured twice in each position. */
const ORDERS = [
  [0, 1, 2],
  [2, 1, 0],
  [1, 2, 0],
  [0, 2, 1],
  [2, 0, 1],
  [1, 0, 2],
] as const;

/** A running setup of one build, which can be measured repeatedly. */
export interface Subject<T> {
  measure(): Promise<T>;
  /** Ends its processes. */
  close(): Promise<void>;
}

/** The values of the rounds, for each setup and each process pair. */
export type Samples<T> = Record<(typeof SETUPS)[number], T[][]>;

/**
 * Measures two builds in interleaved rounds. The build compared against runs twice, in processes of its own each time:
 * the difference between these two is the noise. Each of `settings.pairs` starts all processes again, because two runs
 * of the same program differ by the code that V8 generated.
 *
 * @param against - The checkout compared against.
 * @param rounds - For each pair, after one round of warm-up that is not kept.
 */
export async function compareBuilds<T>(
  settings: Settings,
  against: string,
  rounds: number,
  open: (settings: Settings) => Promise<Subject<T>>,
): Promise<Samples<T>> {
  const commands = { against: commandOf(against), current: settings.postern, repeat: commandOf(against) };
  const samples: Samples<T> = { against: [], current: [], repeat: [] };
  for (let pair = 0; pair < settings.pairs; pair++) {
    const subjects: Subject<T>[] = [];
    for (const index of orderOf(pair)) {
      subjects[index] = await open({ ...settings, postern: commands[SETUPS[index]] });
      await subjects[index].measure();
    }
    for (const name of SETUPS) samples[name].push([]);
    for (let round = 0; round < rounds; round++)
      for (const index of orderOf(pair + round)) samples[SETUPS[index]][pair]!.push(await subjects[index]!.measure());
    for (const subject of subjects) await subject.close();
  }
  return samples;
}

function orderOf(round: number): (typeof ORDERS)[number] {
  return ORDERS[round % ORDERS.length]!;
}

/** The `postern` command of a checkout. */
export function commandOf(checkout: string): string {
  return join(checkout, "packages/cli/bin/postern.js");
}
