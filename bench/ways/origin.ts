import { closeSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Stage } from "../stage.ts";
import { listening } from "./listening.ts";
import { launch } from "./nginx.ts";

export const SMALL = "/small";
export const LARGE = "/files/large";
export const SINK = "/sink";

/** One answer's body: 130 bytes. */
const SMALL_BODY = "Postern says hello. ".repeat(7).slice(0, 130);

export interface Origin {
  /** nginx with SMALL, LARGE and SINK (which it passes on). */
  address: string;
  /** The sink itself, for uploads that nothing else should slow down. */
  sink: string;
  /** Bytes of all bodies that came to the sink so far. */
  received(): Promise<number>;
}

export interface OriginOptions {
  /** Size of LARGE in bytes. Default 1 GB. */
  largeBytes?: number;
  netns?: string;
  /** Default 127.0.0.1. */
  host?: string;
}

/** Starts the local service that all ways lead to. */
export async function startOrigin(stage: Stage, options: OriginOptions = {}): Promise<Origin> {
  const host = options.host ?? "127.0.0.1";
  const files = stage.folder("files");
  // A file of nothing but a size: read once, it lies in the page cache and costs no disk.
  const file = openSync(join(files, "large"), "w");
  ftruncateSync(file, options.largeBytes ?? 1_000_000_000);
  closeSync(file);

  const sinkPort = await freePort();
  const sink = `${host}:${sinkPort}`;
  const swallower = stage.script("sink", { host, port: sinkPort }, { netns: options.netns });
  await listening(swallower, sinkPort);

  const port = await freePort();
  const address = `${host}:${port}`;
  const nginx = launch(stage, "origin", options.netns, { LISTEN: address, FILES: files, SINK: sink, SMALL_BODY });
  await listening(nginx, port);
  const received = async (): Promise<number> => {
    swallower.signal("SIGUSR2");
    return (await swallower.report<{ received: number }>()).received;
  };
  return { address, sink, received };
}
