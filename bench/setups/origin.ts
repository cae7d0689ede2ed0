import { closeSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Stage } from "../stage.ts";
import { listening } from "./listening.ts";
import { launch } from "./nginx.ts";

export const SMALL = "/small";
export const LARGE = "/files/large";
export const SINK = "/sink";

/** The small response's body: 130 bytes. */
const SMALL_BODY = "Postern says hello. ".repeat(7).slice(0, 130);

export interface Origin {
  /** nginx, with SMALL and LARGE. */
  address: string;
  /** A small server of this repository, with SINK too. */
  plain: string;
  /** Bytes of all bodies that SINK has received. */
  received(): Promise<number>;
}

export interface OriginOptions {
  /** Size of LARGE in bytes. Default 1 GB. */
  largeBytes?: number;
  netns?: string;
  /** Default 127.0.0.1. */
  host?: string;
}

/** Starts the local service that all setups lead to. */
export async function startOrigin(stage: Stage, options: OriginOptions = {}): Promise<Origin> {
  const host = options.host ?? "127.0.0.1";
  const largeBytes = options.largeBytes ?? 1_000_000_000;
  const files = stage.folder("files");
  // A sparse file: after the first read it is in the page cache, and it uses no disk space.
  const file = openSync(join(files, "large"), "w");
  ftruncateSync(file, largeBytes);
  closeSync(file);

  const plainPort = await freePort();
  const swallower = stage.script(
    "plain-origin",
    { host, port: plainPort, small: SMALL_BODY, largeBytes },
    { netns: options.netns },
  );
  await listening(swallower, plainPort);

  const port = await freePort();
  const address = `${host}:${port}`;
  const nginx = launch(stage, "origin", options.netns, { LISTEN: address, FILES: files, SMALL_BODY });
  await listening(nginx, port);
  const received = async (): Promise<number> => {
    swallower.signal("SIGUSR2");
    return (await swallower.report<{ received: number }>()).received;
  };
  return { address, plain: `${host}:${plainPort}`, received };
}

/** Small servers that send SMALL only, each after its own time in milliseconds. */
export async function startSmallOrigins(stage: Stage, delays: readonly number[]): Promise<string[]> {
  const addresses = [];
  for (const delay of delays) {
    const port = await freePort();
    const origin = stage.script("plain-origin", { host: "127.0.0.1", port, small: SMALL_BODY, largeBytes: 0, delay });
    await listening(origin, port);
    addresses.push(`127.0.0.1:${port}`);
  }
  return addresses;
}
