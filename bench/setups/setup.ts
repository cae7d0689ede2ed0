import { request } from "node:http";
import { request as requestTls } from "node:https";
import type { Process } from "../process.ts";

/** A way from a visitor to the origin: through Postern, through nginx, through the prototype, or straight. */
export interface Setup {
  name: string;
  /** Where visitors connect, `host:port`. */
  address: string;
  /** What they send as Host. */
  host: string;
  /** They come by HTTPS. */
  secure?: boolean;
  /** Whose CPU time and memory count. */
  processes: Process[];
}

export function direct(address: string): Setup {
  return { name: "no proxy", address, host: address, processes: [] };
}

/** Fails unless the way answers `path` with 200. */
export function expectResponse(setup: Setup, path: string): Promise<void> {
  const [host, port] = setup.address.split(":");
  return new Promise((resolve, reject) => {
    const wish = {
      host,
      port,
      path,
      headers: { host: setup.host },
      agent: false,
      timeout: 5000,
      rejectUnauthorized: false,
    };
    const asked = (setup.secure === true ? requestTls : request)(wish, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) answer.once("end", resolve);
      else reject(new Error(`${setup.name} answers ${path} with ${answer.statusCode}`));
    });
    asked.once("timeout", () => asked.destroy(new Error(`${setup.name} doesn't answer ${path} within 5 s`)));
    asked.once("error", reject);
    asked.end();
  });
}

/**
 * Lets every way be measured once in a round, and turns the order round after each:
 * whatever the machine does meanwhile, it does to all of them.
 */
export async function interleave<W, T>(
  setups: W[],
  rounds: number,
  measure: (setup: W, round: number) => Promise<T>,
): Promise<T[][]> {
  const results: T[][] = setups.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = setups.map((_, index) => index);
    if (round % 2 === 1) order.reverse();
    for (const index of order) results[index]!.push(await measure(setups[index]!, round));
  }
  return results;
}
