import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { GatewayReport } from "@postern/client/status";
import { gatewayLines } from "./gateway-lines.js";

const none = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
const target = {
  state: "ok",
  active: 0,
  requests_per_second: 0,
  weight: 1,
  latency_ms: null,
  last_failure: null,
} as const;
const last_failure = { reason: "it responded with 500", time: "2026-11-27T12:00:00.000Z" };
const sums = { bytes_in: 0, bytes_out: 0 };

test("shows the gateway's addresses, and each route with its requests and targets", () => {
  const report: GatewayReport = {
    address: "127.0.0.1:8080",
    secure_address: "127.0.0.1:8443",
    connections: 1,
    access_log: null,
    routes: [
      {
        route: "/api/*",
        action: "forward",
        requests: { ...none, "2xx": 40, "4xx": 2, "5xx": 1 },
        ...sums,
        targets: [
          { ...target, target: "127.0.0.1:3000", active: 2, requests_per_second: 12.3 },
          {
            ...target,
            target: "127.0.0.1:3001",
            state: "circuit_open",
            requests_per_second: 0.4,
            weight: 3,
            last_failure,
          },
          { ...target, target: "tunnel://web", state: "unavailable" },
          { ...target, target: "127.0.0.1:3002", state: "drained", weight: 0, last_failure },
        ],
      },
      { route: "/old", action: "redirect", requests: none, ...sums, targets: [] },
    ],
    targets: [],
    all_routes: [],
  };
  expect(gatewayLines(report, picocolors.createColors(false))).toEqual([
    "Gateway  http://127.0.0.1:8080  https://127.0.0.1:8443  1 connection",
    "ROUTE   REQUESTS  4XX  5XX  TARGETS",
    "/api/*  43        2    1    127.0.0.1:3000 [12/s, 2 active], 127.0.0.1:3001 (circuit open) [0.4/s], tunnel://web (unavailable), 127.0.0.1:3002 (drained: weight 0)",
    "/old    0         0    0    redirect",
    "127.0.0.1:3001 failed at 2026-11-27T12:00:00.000Z: it responded with 500",
  ]);
});
