import { ratioInterval } from "../measure/ratio-interval.ts";
import { median } from "../measure/statistics.ts";
import { countSystemCalls, type SystemCalls } from "../measure/system-calls.ts";
import { wrk } from "../measure/wrk.ts";
import { line, type Line, type Row } from "../row.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import { compareBuilds, type Samples } from "./compare-builds.ts";
import { describe } from "./summary.ts";

/**
 * With one connection the requests do not overlap, so the counts hardly vary. With 64 connections the counts depend on
 * which requests are batched.
 */
const CONNECTIONS = [1, 64];
const SECONDS = 1;
/** Counts vary less than times, so fewer rounds are enough. */
const ROUNDS = 2;

/** System calls of server and client per request. */
export function compareSyscalls(against: string): Row {
  return {
    name: "syscalls",
    about: `system calls of server and client per request (strace), against ${against}`,
    needs: ["nginx", "wrk", "strace"],
    limit: ({ pairs }) => 60 + CONNECTIONS.length * pairs * 90,
    run: async (stage, settings) => {
      const origin = await startOrigin(stage);
      const lines: Line[] = [];
      for (const connections of CONNECTIONS) {
        const samples = await compareBuilds(settings, against, ROUNDS, async (build) => {
          const setup = await startPostern(stage, build, origin.address);
          const load = async (): Promise<number> =>
            (await wrk(stage, setup, { path: SMALL, connections, seconds: SECONDS })).requests;
          return {
            measure: () => countSystemCalls(stage, setup.processes, load),
            close: () => stage.stop(...setup.processes),
          };
        });
        lines.push(summary("server", connections, samples, 0), summary("client", connections, samples, 1));
      }
      return lines;
    },
  };
}

function summary(name: string, connections: number, samples: Samples<SystemCalls[]>, process: number): Line {
  const counts = (rounds: SystemCalls[][][]): SystemCalls[] => rounds.flat().map((calls) => calls[process]!);
  const totals = (rounds: SystemCalls[][][]): number[] => counts(rounds).map(({ total }) => total);
  const [current, against] = [counts(samples.current), counts(samples.against)];
  return line({
    measure: `system calls per request, ${name}, ${connections} connection${connections === 1 ? "" : "s"}`,
    product: middle(current, ({ total }) => total),
    yardstick: middle(against, ({ total }) => total),
    ratio: describe(ratioInterval(totals(samples.current), totals(samples.against))),
    noise: describe(ratioInterval(totals(samples.repeat), totals(samples.against))),
    note: `this build ${kinds(current)}; against ${kinds(against)}`,
    raw: samples,
  });
}

function kinds(counts: SystemCalls[]): string {
  const reads = middle(counts, (calls) => calls.reads);
  const writes = middle(counts, (calls) => calls.writes);
  return `reads ${reads}, writes ${writes}, others ${middle(counts, (calls) => calls.total - calls.reads - calls.writes)}`;
}

function middle(counts: SystemCalls[], value: (calls: SystemCalls) => number): string {
  return median(counts.map(value)).toFixed(3);
}
