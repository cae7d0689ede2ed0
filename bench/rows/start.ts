import { median } from "../measure/statistics.ts";
import { line, verdict, type Row } from "../row.ts";
import { milliseconds } from "../show.ts";
import { startClient, startServer } from "../setups/postern.ts";

const BAR_MS = 400;
const MIN_ROUNDS = 9;

/** The time from the start of the command to its URL. */
export const start: Row = {
  name: "start",
  about: "`postern http` from its start to the public URL",
  needs: [],
  limit: (settings) => 60 + 10 * Math.max(settings.rounds, MIN_ROUNDS),
  run: async (stage, settings) => {
    const server = await startServer(stage, settings);
    const product: number[] = [];
    const bare: number[] = [];
    const rounds = settings.quick ? 2 : Math.max(settings.rounds, MIN_ROUNDS);
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      const client = await startClient(stage, settings, server, "127.0.0.1:9");
      product.push(performance.now() - began);
      await stage.stop(client.process);

      const emptied = performance.now();
      await stage.run("node", process.execPath, ["-e", ""]).exited;
      bare.push(performance.now() - emptied);
    }
    const middle = median(product);
    return [
      line({
        measure: "`postern http` to its URL",
        product: milliseconds(middle),
        bar: `≤ ${BAR_MS} ms`,
        result: verdict(middle <= BAR_MS),
        note: `slowest ${milliseconds(Math.max(...product))}; an empty Node program: ${milliseconds(median(bare))}`,
        raw: { product, bare },
      }),
    ];
  },
};
