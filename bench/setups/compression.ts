import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../settings.ts";
import { freePort, type Stage } from "../stage.ts";
import { startGateway, type GatewaySetup } from "./gateway.ts";
import { listening } from "./listening.ts";
import { launch } from "./nginx.ts";
import type { Setup } from "./setup.ts";

export const JSON_26K = "/26k.json";
export const JSON_LARGE = "/large.json";
const BLOCK = 1_000_000;

/** `postern serve` and nginx, which compress the JSON of the same origin. */
export async function startCompressing(
  stage: Stage,
  settings: Settings,
  largeBytes: number,
): Promise<{ product: GatewaySetup; yardstick: Setup }> {
  const folder = stage.folder("json");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, JSON_26K), json(26 * 1_024));
  const large = openSync(join(folder, JSON_LARGE), "w");
  const block = json(BLOCK);
  for (let at = 0; at < largeBytes; at += BLOCK) writeSync(large, block);
  closeSync(large);

  const [originPort, port, unusedPort] = [await freePort(), await freePort(), await freePort()];
  const origin = launch(stage, "files", undefined, {
    LISTEN: `127.0.0.1:${originPort}`,
    LISTEN_COPYING: `127.0.0.1:${unusedPort}`,
    TLS: "default_type application/json;",
    FILES: folder,
  });
  await listening(origin, originPort);
  const address = `127.0.0.1:${originPort}`;
  const child = launch(stage, "compression", undefined, { ORIGIN: address, LISTEN: `127.0.0.1:${port}` });
  await listening(child, port);
  const more = "[proxy.middleware.compression]\nlevel = 6\n";
  return {
    product: await startGateway(stage, settings, address, { more }),
    yardstick: { name: "nginx", address: `127.0.0.1:${port}`, host: "localhost", processes: [child] },
  };
}

const WORDS = "alpha order invoice shipped pending active street city Zürich Berlin Paris London customer".split(" ");

/** A list of records, as an API sends it, of this many bytes. */
function json(bytes: number): Buffer {
  let seed = 12_345;
  const next = (most: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % most;
  };
  const word = (): string => WORDS[next(WORDS.length)]!;
  const records: object[] = [];
  for (let size = 0, id = 1; size < bytes; id++) {
    const record = {
      id,
      key: next(2 ** 31).toString(16),
      name: `${word()} ${word()}`,
      price: next(100_000) / 100,
      active: next(2) === 0,
      tags: [word(), word()],
      created: new Date(1.7e12 + next(1e9)).toISOString(),
    };
    records.push(record);
    size += JSON.stringify(record).length + 1;
  }
  return Buffer.from(JSON.stringify(records)).subarray(0, bytes);
}
