import { pino } from "pino";
import { expect, test } from "vitest";
import { ServerMetrics, type Measured } from "./metrics.js";
import { STATUS_INTERVAL, StatusLog } from "./status-log.js";

const OPEN: Measured = {
  sessions: 2,
  tunnels: 3,
  guarded: 1,
  streams: 40,
  connections: 50,
  certificateEnds: undefined,
  accessLog: undefined,
  ownerSessions: () => [],
};
const START = 1_000;

/** The status log of a server with a scripted clock and scripted requests. */
function scripted() {
  const lines: string[] = [];
  const metrics = new ServerMetrics(OPEN, []);
  const counter = metrics.tunnel("shop", "ann");
  const log = pino({ base: null }, { write: (line) => void lines.push(line) });
  const status = new StatusLog(log, OPEN, metrics, START);
  return {
    lines,
    serve: (bytesIn: number, bytesOut: number, status = 200): void => {
      counter.finished({ status, ended: "complete", startedAt: 0, endedAt: 1, bytesIn, bytesOut, repairs: new Set() });
    },
    /** Sets the clock to `now`, and returns the lines so far. */
    at: (now: number): Record<string, unknown>[] => {
      status.tick(now);
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

test("a line every minute has the open connections, the traffic since the last line, and the memory", () => {
  const { at, serve, lines } = scripted();
  serve(10, 2_000);
  serve(1, 0, 503);
  expect(at(START + STATUS_INTERVAL - 1)).toEqual([]);
  const [first] = at(START + STATUS_INTERVAL);
  expect(first).toMatchObject({
    msg: "status of the server",
    sessions: 2,
    tunnels: 3,
    guarded_tunnels: 1,
    streams: 40,
    connections: 50,
    requests: 2,
    received_bytes: 11,
    sent_bytes: 2_000,
  });
  expect(first?.["rss_bytes"]).toBeGreaterThan(1e6);
  expect(Buffer.byteLength(lines[0]!)).toBeLessThan(8_192);

  serve(5, 7);
  expect(at(START + 2 * STATUS_INTERVAL - 1)).toHaveLength(1);
  const [, second] = at(START + 2 * STATUS_INTERVAL);
  expect(second).toMatchObject({ requests: 1, received_bytes: 5, sent_bytes: 7 });
});

test("after the clock has paused for a long time, one line is written", () => {
  const { at } = scripted();
  expect(at(START + 10 * STATUS_INTERVAL)).toHaveLength(1);
  expect(at(START + 11 * STATUS_INTERVAL - 1)).toHaveLength(1);
});
