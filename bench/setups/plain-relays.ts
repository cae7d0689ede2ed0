import { freePort, type Stage } from "../stage.ts";
import { listening } from "./listening.ts";
import type { Setup } from "./setup.ts";

/** A row of `hops` processes that only forward bytes: what Node.js needs before any work of a proxy. */
export async function startPlainRelays(stage: Stage, origin: string, hops: 1 | 2): Promise<Setup> {
  const processes = [];
  let target = origin;
  for (let hop = 0; hop < hops; hop++) {
    const port = await freePort();
    const listen = `127.0.0.1:${port}`;
    const relay = stage.script("plain-relay", { listen, target });
    await listening(relay, port);
    processes.push(relay);
    target = listen;
  }
  const name = hops === 1 ? "a plain relay" : `${hops} plain relays`;
  return { name, address: target, host: target, processes };
}
