import { expect, test } from "vitest";
import { readWrk } from "../../bench/measure/wrk.ts";

const REPORT = `Running 4s test @ http://127.0.0.1:8080/small
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.10ms    1.20ms  44.10ms   93.20%
    Req/Sec    30.10k     2.20k   33.00k    72.50%
  Latency Distribution
     50%  830.00us
     75%    2.40ms
     90%    3.10ms
     99%    1.02s
  120400 requests in 4.00s, 33.10MB read
Requests/sec:  30100.12
Transfer/sec:      8.27MB
`;

test("the rate and the latencies of a report are read, each in its own unit", () => {
  const { requests, rate, p50, p99 } = readWrk(REPORT, "Postern");
  expect([requests, rate]).toEqual([120_400, 30_100.12]);
  expect(p50).toBeCloseTo(0.83);
  expect(p99).toBeCloseTo(1020);
});

test("a failed request is an error, and not a fast response", () => {
  const failed = REPORT.replace("Requests/sec", "  Non-2xx or 3xx responses: 7\nRequests/sec");
  expect(() => readWrk(failed, "nginx")).toThrow("wrk through nginx: Non-2xx or 3xx responses: 7");
});
