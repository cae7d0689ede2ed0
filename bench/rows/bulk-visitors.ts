import type { Stage } from "../stage.ts";
import { LARGE, SINK, SMALL, type Origin } from "../setups/origin.ts";
import type { Setup } from "../setups/setup.ts";

const RATE = 50;
/** A body that outlasts every measurement. */
const ENDLESS = 1e13;

/** Sends 50 small requests a second and returns their latencies in milliseconds. */
export async function smallRequests(stage: Stage, setup: Setup, seconds: number, netns?: string): Promise<number[]> {
  const { address, host } = setup;
  const visitor = stage.script("small", { address, host, path: SMALL, rate: RATE, seconds }, { netns });
  const { latencies } = await visitor.report<{ latencies: number[] }>();
  return latencies;
}

export interface Bulk {
  /** Ends both transfers and returns the bytes per second of each. */
  stop(): Promise<{ download: number; upload: number }>;
}

export interface BulkOptions {
  /** The bytes that each transfer moves before it counts as flowing. */
  flowingBytes: number;
  netns?: string;
}

/** Starts one endless download and one endless upload, and waits until both flow. */
export async function startBulk(stage: Stage, setup: Setup, origin: Origin, options: BulkOptions): Promise<Bulk> {
  const { address, host } = setup;
  const { flowingBytes, netns } = options;
  const download = stage.script("download", { address, host, path: LARGE, flowingBytes }, { netns });
  const upload = stage.script("upload", { address, host, path: SINK, length: ENDLESS, flowingBytes }, { netns });
  await Promise.all([download.report(), upload.report()]);
  const began = performance.now();
  const before = await origin.received();
  return {
    stop: async () => {
      const arrived = (await origin.received()) - before;
      const seconds = (performance.now() - began) / 1000;
      download.signal("SIGTERM");
      upload.signal("SIGTERM");
      const read = await download.report<{ bytes: number; seconds: number }>();
      await Promise.all([download.exited, upload.exited]);
      return { download: read.bytes / read.seconds, upload: arrived / seconds };
    },
  };
}
