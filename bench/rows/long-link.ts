import { observe } from "../measure/observe.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { atLeast, figures, line, type Line, type Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { ratio, speed } from "../show.ts";
import type { Stage } from "../stage.ts";
import { LARGE, SINK, startOrigin } from "../setups/origin.ts";
import { startClient, startServer, type PosternSetup } from "../setups/postern.ts";
import { interleave, direct, type Setup } from "../setups/setup.ts";
import { visit, type Direction } from "./transfer.ts";

const BAR = 0.9;
const DELAY_MS = 50;
const BYTES_PER_SECOND = 200e6 / 8;
const QUEUE_BYTES = 512 * 1024;

/** One stream over a long, fast link. Its window must grow to rate × round trip: 2.5 MB. */
export const longLink: Row = {
  name: "long-link",
  about: "one stream over 100 ms round trip and 200 Mbit/s, against plain TCP over the same link",
  needs: ["nginx"],
  limit: (settings) => 60 + (settings.rounds + 1) * 80,
  run: async (stage, settings) => {
    const bytes = settings.quick ? 50_000_000 : 200_000_000;
    const origin = await startOrigin(stage, { largeBytes: bytes });
    return [
      await measure(stage, settings, "download", origin.address, bytes),
      await measure(stage, settings, "upload", origin.plain, bytes),
    ];
  },
};

async function measure(
  stage: Stage,
  settings: Settings,
  direction: Direction,
  local: string,
  bytes: number,
): Promise<Line> {
  const server = await startServer(stage, settings, { inspect: settings.profile });
  const link = stage.script("long-link", {
    targets: [server.address, local],
    delayMs: DELAY_MS,
    bytesPerSecond: BYTES_PER_SECOND,
    queueBytes: QUEUE_BYTES,
  });
  const [tunnel, plain] = (await link.report<{ ports: number[] }>()).ports;
  const client = await startClient(stage, settings, server, local, {
    inspect: settings.profile,
    dial: `127.0.0.1:${tunnel}`,
  });
  const processes = [server.process, client.process];
  const product: PosternSetup = {
    name: "Postern",
    address: server.address,
    host: client.host,
    processes,
    server,
    client,
  };
  const setups: Setup[] = [product, { ...direct(`127.0.0.1:${plain}`), name: "plain TCP" }];

  const path = direction === "download" ? LARGE : SINK;
  const results = await interleave(setups, settings.rounds, async (setup) => {
    const moved = await observe(setup, settings, `long-link-${direction}`, () =>
      visit(stage, setup, direction, path, bytes),
    );
    return moved.value.bytes / moved.value.seconds;
  });
  await stage.stop(client.process, server.process, link);
  const against = pairedRatio(results[0]!, results[1]!);
  return line({
    measure: `${bytes / 1e6} MB ${direction}, 100 ms, 200 Mbit/s`,
    product: speed(median(results[0]!)),
    yardstick: speed(median(results[1]!)),
    ratio: ratio(against),
    ...atLeast(BAR, against.median),
    charts: [figures(`rate-long-${direction}`, median(results[0]!), median(results[1]!), speed)],
    note: "yardstick: plain TCP over the same link",
    raw: { setups: setups.map(({ name }) => name), results },
  });
}
