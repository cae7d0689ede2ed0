import { exchange } from "@postern/testkit";

export interface Latency {
  /** Milliseconds. */
  median: number;
  p95: number;
}

/** Visits `host` one request after the other until `isOver`, at least `least` times. Rejects if a request fails. */
export async function latencyOf(port: number, host: string, least: number, isOver = () => true): Promise<Latency> {
  const times: number[] = [];
  while (times.length < least || !isOver()) {
    const sentAt = performance.now();
    const { status, body } = await exchange(port, { host, path: "/steady" });
    if (status !== 200) throw new Error(`status ${status}: ${body.toString().slice(0, 200)}`);
    times.push(performance.now() - sentAt);
  }
  times.sort((one, other) => one - other);
  const at = (share: number): number => times[Math.floor(times.length * share)] as number;
  return { median: at(0.5), p95: at(0.95) };
}
