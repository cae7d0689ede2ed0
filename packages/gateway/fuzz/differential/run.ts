/**
 * Compares how the gateway reads requests with how real servers read the forwarded ones. Generated requests, most of
 * them damaged, go through the gateway's readers. The results are sent to each server, many on one connection, each
 * followed by a marker.
 *
 *     node packages/gateway/fuzz/differential/run.ts [--server nginx,apache,haproxy,python,node] \
 *         [--runs 1000000] [--seconds 3600] [--seed N]
 *
 * A server may refuse a request for the reasons in refusals.ts. If it reads one differently, the difference is printed
 * and the exit code is 1.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { Cleanup } from "@postern/testkit";
import { verdictsOf, type Verdict } from "./reading.ts";
import { reasonToRefuse } from "./refusals.ts";
import { messages, relay, type Relayed } from "./relayed.ts";
import { SERVER_NAMES, startServer, type RealServer, type ServerName } from "./servers.ts";

/** Requests on one connection. */
const BATCH = 50;
/** Messages generated at once. */
const ROUND = 2_000;

const { values: options } = parseArgs({
  options: {
    server: { type: "string", default: SERVER_NAMES.join(",") },
    runs: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "3600" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});

/** Counts of a server's results. */
interface Tally {
  same: number;
  refused: Map<string, number>;
}

const cleanup = new Cleanup();
process.once("SIGINT", () => void cleanup.run().then(() => process.exit(130)));
try {
  const servers = await Promise.all(
    options.server.split(",").map((name) => startServer(name as ServerName, cleanup.defer)),
  );
  await compare(servers);
} finally {
  await cleanup.run();
}

async function compare(servers: RealServer[]): Promise<void> {
  const tallies = new Map(servers.map(({ name }) => [name, { same: 0, refused: new Map() } as Tally]));
  const deadline = performance.now() + Number(options.seconds) * 1_000;
  const runs = Number(options.runs);
  let seed = Number(options.seed);
  let generated = 0;
  let passed = 0;
  while (generated < runs && performance.now() < deadline && process.exitCode === undefined) {
    const sample = fc.sample(messages, { numRuns: Math.min(ROUND, runs - generated), seed });
    const relayed = sample.map(([head, body]) => relay(head, body)).filter((each) => each !== undefined);
    generated += sample.length;
    passed += relayed.length;
    await Promise.all(servers.map((server) => read(server, relayed, tallies.get(server.name)!, seed)));
    seed++;
  }
  console.log(`${generated} requests, ${passed} passed on`);
  for (const [name, { same, refused }] of tallies) {
    const reasons = [...refused].map(([reason, count]) => `${count} refused: ${reason}`);
    console.log(`${name}: ${[`${same} read as the gateway does`, ...reasons].join("; ")}`);
  }
  if (process.exitCode === undefined) console.log("nothing found");
}

/** Sends a server all requests that it can read, on several connections at once. */
async function read(server: RealServer, relayed: Relayed[], tally: Tally, seed: number): Promise<void> {
  const fit = relayed.filter(({ chunked }) => server.readsChunks || !chunked);
  const batches = Array.from({ length: Math.ceil(fit.length / BATCH) }, (_, n) =>
    fit.slice(n * BATCH, (n + 1) * BATCH),
  );
  await Promise.all(
    batches.map(async (batch) => {
      const verdicts = await verdictsOf(server, batch);
      for (const [n, verdict] of verdicts.entries()) count(server, batch[n]!, verdict, tally, seed);
    }),
  );
}

function count(server: RealServer, request: Relayed, verdict: Verdict, tally: Tally, seed: number): void {
  if (verdict.kind === "same") tally.same++;
  else {
    const reason = verdict.kind === "refused" ? reasonToRefuse(server.name, request, verdict.status) : undefined;
    if (reason === undefined) report(server, request, verdict, seed);
    else tally.refused.set(reason, (tally.refused.get(reason) ?? 0) + 1);
  }
}

function report(server: RealServer, { sent, bytes }: Relayed, verdict: Verdict, seed: number): void {
  console.error(`${server.name}, found with --seed ${seed}: ${JSON.stringify(verdict)}`);
  console.error(`  sent      ${JSON.stringify(sent)}`);
  console.error(`  passed on ${JSON.stringify(bytes.toString("latin1"))}`);
  process.exitCode = 1;
}
