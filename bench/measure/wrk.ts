import type { Stage } from "../stage.ts";
import type { Setup } from "../setups/setup.ts";

export interface WrkResult {
  requests: number;
  /** Requests per second. */
  rate: number;
}

/** Runs wrk with one thread and this many keep-alive connections. Throws when a request fails. */
export async function wrk(
  stage: Stage,
  setup: Setup,
  path: string,
  connections: number,
  seconds: number,
): Promise<WrkResult> {
  const url = `${setup.secure === true ? "https" : "http"}://${setup.address}${path}`;
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-H", `Host: ${setup.host}`, url];
  const visitor = stage.run("wrk", "wrk", args);
  const lines: string[] = [];
  const last = await visitor.line((line) => lines.push(line) > 0 && line.startsWith("Requests/sec:"));
  await visitor.exited;
  const text = lines.join("\n");
  const complaint = /^.*(Socket errors|Non-2xx).*$/m.exec(text);
  if (complaint) throw new Error(`wrk through ${setup.name}: ${complaint[0].trim()}`);
  const requests = /^\s*(\d+) requests in/m.exec(text);
  if (!requests) throw new Error(`wrk printed: ${text}`);
  return { requests: Number(requests[1]), rate: Number(last.split(":")[1]) };
}
