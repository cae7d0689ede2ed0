import type { FinishedRequest } from "../route.js";
import { AccessLog, type AccessLogOptions } from "./access-log.js";

/** 28 November 2026, 01:44:55.007 UTC. */
export const TIME = Date.UTC(2026, 10, 28, 1, 44, 55, 7);

/** A request that is over, with these differences. */
export function requestWith(differences: Partial<FinishedRequest> = {}): FinishedRequest {
  const { method = "GET", path = "/a?b=1", protocol = "HTTP/1.1" } = differences;
  return {
    id: "r-1",
    method,
    path,
    line: `${method} ${path} ${protocol}`,
    protocol,
    status: 200,
    startedAt: 1_000,
    endedAt: 1_012.34,
    bytesIn: 5,
    bytesOut: 130,
    upstream: undefined,
    address: "192.0.2.1",
    host: "app.example.com",
    userAgent: "curl/8.0",
    referer: "",
    user: undefined,
    traceId: "",
    ended: "complete",
    code: undefined,
    flaw: undefined,
    repairs: new Set(),
    ...differences,
  };
}

/** The lines of these requests in a log with these options. */
export function linesOf(
  options: Partial<AccessLogOptions>,
  requests: readonly Partial<FinishedRequest>[],
  { random = (): number => 0, ownBytes = 0, place = {} } = {},
): string[] {
  const lines: string[] = [];
  const output = { write: (line: string): void => void lines.push(line) };
  const log = new AccessLog({ format: "json", output: "", ...options }, output, { now: () => TIME, random });
  for (const request of requests) log.add(requestWith(request), ownBytes, place);
  return lines;
}
