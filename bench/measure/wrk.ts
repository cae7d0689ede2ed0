import type { Stage } from "../stage.ts";
import type { Setup } from "../setups/setup.ts";

export interface WrkResult {
  requests: number;
  /** Requests per second. */
  rate: number;
  /**
   * Milliseconds from the write of a request to the end of its response. wrk adds the latencies of the requests that it
   * would have sent during a long one, so a stall counts as often as visitors at a steady rate would notice it.
   */
  p50: number;
  p99: number;
}

export interface WrkLoad {
  path: string;
  connections: number;
  seconds: number;
  /** Every request uses a new connection. Its handshake is not part of the latency. */
  newConnections?: boolean;
  /** Field lines to add. */
  fields?: readonly string[];
  /** A script in Lua that chooses the requests, and its arguments. */
  script?: string;
  scriptArguments?: readonly string[];
}

const UNITS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Runs wrk with one thread. Throws when a request fails. */
export async function wrk(stage: Stage, setup: Setup, load: WrkLoad): Promise<WrkResult> {
  const { path, connections, seconds, newConnections, fields: more = [], script, scriptArguments = [] } = load;
  const url = `${setup.secure === true ? "https" : "http"}://${setup.address}${path}`;
  const fields = ["-H", `Host: ${setup.host}`, ...(newConnections === true ? ["-H", "Connection: close"] : [])];
  for (const field of more) fields.push("-H", field);
  const chosen = script === undefined ? [url] : ["-s", script, url, "--", ...scriptArguments];
  const visitor = stage.run("wrk", "wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    ...fields,
    ...chosen,
  ]);
  const lines: string[] = [];
  await visitor.line((line) => lines.push(line) > 0 && line.startsWith("Requests/sec:"));
  await visitor.exited;
  return readWrk(lines.join("\n"), setup.name);
}

/** Reads the report of `wrk --latency`. Throws when it reports failed requests. */
export function readWrk(text: string, setup: string): WrkResult {
  const complaint = /^.*(Socket errors|Non-2xx).*$/m.exec(text);
  if (complaint) throw new Error(`wrk through ${setup}: ${complaint[0].trim()}`);
  const requests = /^\s*(\d+) requests in/m.exec(text);
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(text);
  if (!requests || !rate) throw new Error(`wrk printed: ${text}`);
  return { requests: Number(requests[1]), rate: Number(rate[1]), p50: latency(text, 50), p99: latency(text, 99) };
}

/** A row of the latency distribution, in milliseconds. */
function latency(text: string, percent: number): number {
  const found = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s|m)$`, "m").exec(text);
  if (!found) throw new Error(`wrk printed no ${percent} % latency: ${text}`);
  return Number(found[1]) * UNITS[found[2]!]!;
}
