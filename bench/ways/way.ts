import { request } from "node:http";
import { request as requestTls } from "node:https";
import type { Process } from "../process.ts";

/** A way from a visitor to the origin: through Postern, through nginx, through the prototype, or straight. */
export interface Way {
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

export function straight(address: string): Way {
  return { name: "no proxy", address, host: address, processes: [] };
}

/** Fails unless the way answers `path` with 200. */
export function expectAnswer(way: Way, path: string): Promise<void> {
  const [host, port] = way.address.split(":");
  return new Promise((resolve, reject) => {
    const wish = {
      host,
      port,
      path,
      headers: { host: way.host },
      agent: false,
      timeout: 5000,
      rejectUnauthorized: false,
    };
    const asked = (way.secure === true ? requestTls : request)(wish, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) answer.once("end", resolve);
      else reject(new Error(`${way.name} answers ${path} with ${answer.statusCode}`));
    });
    asked.once("timeout", () => asked.destroy(new Error(`${way.name} doesn't answer ${path} within 5 s`)));
    asked.once("error", reject);
    asked.end();
  });
}

/**
 * Lets every way be measured once in a round, and turns the order round after each:
 * whatever the machine does meanwhile, it does to all of them.
 */
export async function interleave<W, T>(
  ways: W[],
  runs: number,
  measure: (way: W, round: number) => Promise<T>,
): Promise<T[][]> {
  const results: T[][] = ways.map(() => []);
  for (let round = 0; round < runs; round++) {
    const order = ways.map((_, index) => index);
    if (round % 2 === 1) order.reverse();
    for (const index of order) results[index]!.push(await measure(ways[index]!, round));
  }
  return results;
}
