import { request } from "node:http";
import { request as requestTls } from "node:https";
import type { Process } from "../process.ts";

/** A path from a visitor to the origin: through Postern, nginx or the prototype, or direct. */
export interface Setup {
  name: string;
  /** The address that visitors connect to, `host:port`. */
  address: string;
  /** The Host that they send. */
  host: string;
  /** Whether visitors use HTTPS. */
  secure?: boolean;
  /** The processes whose CPU time and memory are counted. */
  processes: Process[];
}

export function direct(address: string): Setup {
  return { name: "no proxy", address, host: address, processes: [] };
}

/** Throws unless the response to `path` has status 200. */
export function expectResponse(setup: Setup, path: string): Promise<void> {
  const [host, port] = setup.address.split(":");
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      path,
      headers: { host: setup.host },
      agent: false,
      timeout: 5000,
      rejectUnauthorized: false,
    };
    const sent = (setup.secure === true ? requestTls : request)(options, (response) => {
      response.resume();
      if (response.statusCode === 200) response.once("end", resolve);
      else reject(new Error(`${setup.name} responds to ${path} with ${response.statusCode}`));
    });
    sent.once("timeout", () => sent.destroy(new Error(`${setup.name} does not respond to ${path} within 5 s`)));
    sent.once("error", reject);
    sent.end();
  });
}

/**
 * Measures every setup once in each round, in alternating order, so that changes of the machine affect all setups
 * equally.
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
