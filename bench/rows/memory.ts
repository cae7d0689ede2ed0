import { setTimeout as pause } from "node:timers/promises";
import { observe } from "../measure/observe.ts";
import { residentBytes } from "../measure/process-usage.ts";
import { median } from "../measure/statistics.ts";
import { wrk } from "../measure/wrk.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { megabytes, speed } from "../show.ts";
import type { Stage } from "../stage.ts";
import { LARGE, SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";

const SECONDS = 20;
const SAMPLE_MS = 250;
const BYTES_PER_SECOND = 1_000_000;

/**
 * Memory growth of server and client while this many visitors read slowly.
 *
 * @param bar - In bytes, for each of the two.
 */
export function memory(readers: number, bar: number): Row {
  return {
    name: `memory-${readers}`,
    about: `growth of server and client while ${readers} visitor${readers === 1 ? " reads a 1 GB response" : "s read 1 GB responses"} at 1 MB/s each`,
    needs: ["nginx", "wrk"],
    limit: (settings) => 60 + settings.rounds * (duration(settings, SECONDS) + 45),
    run: (stage, settings) => run(stage, settings, readers, bar),
  };
}

interface Growth {
  server: number;
  client: number;
  /** Resident memory at the start. */
  before: { server: number; client: number };
  /** Bytes per second of all readers, and of the slowest. */
  rate: number;
  slowest: number;
  /** CPU seconds per second. */
  cpu: number;
}

async function run(stage: Stage, settings: Settings, readers: number, bar: number): Promise<Line[]> {
  const origin = await startOrigin(stage);
  const rounds: Growth[] = [];
  for (let round = 0; round < settings.rounds; round++)
    rounds.push(await measure(stage, settings, origin.address, readers));

  const middle = (value: (growth: Growth) => number): number => median(rounds.map(value));
  const server = middle((growth) => growth.server);
  const client = middle((growth) => growth.client);
  return [
    line({
      measure: `memory growth, ${readers} reader${readers === 1 ? "" : "s"} at 1 MB/s`,
      product: `server ${megabytes(server)}, client ${megabytes(client)}`,
      bar: `≤ ${megabytes(bar)} each`,
      result: verdict(Math.max(server, client) <= bar),
      cpu: `${middle(({ cpu }) => cpu).toFixed(2)} cores`,
      note:
        `from ${megabytes(middle(({ before }) => before.server))} and ${megabytes(middle(({ before }) => before.client))}; ` +
        `worst round ${megabytes(Math.max(...rounds.map((growth) => Math.max(growth.server, growth.client))))}; ` +
        `readers got ${speed(middle(({ rate }) => rate))}, the slowest ${speed(middle(({ slowest }) => slowest))}`,
      raw: rounds,
    }),
  ];
}

/** One round with new processes: the growth of an earlier round would hide the growth of this one. */
async function measure(stage: Stage, settings: Settings, origin: string, readers: number): Promise<Growth> {
  const setup = await startPostern(stage, settings, origin);
  const { server, client } = setup;
  // Warm-up: small requests compile the code and let the young generation reach its full size.
  await wrk(stage, setup, { path: SMALL, connections: 64, seconds: settings.quick ? 2 : 5 });
  const before = { server: residentBytes(server.process.pid), client: residentBytes(client.process.pid) };

  const { address, host } = setup;
  const visitors = stage.script("slow-readers", {
    address,
    host,
    path: LARGE,
    readers,
    bytesPerSecond: BYTES_PER_SECOND,
  });
  const peak = { ...before };
  const sample = (): void => {
    peak.server = Math.max(peak.server, residentBytes(server.process.pid));
    peak.client = Math.max(peak.client, residentBytes(client.process.pid));
  };
  let cores = 0;
  const sampling = setInterval(sample, SAMPLE_MS);
  try {
    await visitors.report();
    const { cpu } = await observe(setup, settings, `memory-${readers}`, () =>
      pause(duration(settings, SECONDS) * 1000),
    );
    cores = cpu / duration(settings, SECONDS);
    sample();
  } finally {
    clearInterval(sampling);
  }
  visitors.signal("SIGTERM");
  const { seconds, bytes, slowest } = await visitors.report<{ seconds: number; bytes: number; slowest: number }>();
  await visitors.exited;
  await stage.stop(client.process, server.process);
  return {
    server: peak.server - before.server,
    client: peak.client - before.client,
    before,
    rate: bytes / seconds,
    slowest: slowest / seconds,
    cpu: cores,
  };
}
