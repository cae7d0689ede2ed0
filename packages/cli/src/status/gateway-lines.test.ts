import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { GatewayReport } from "@postern/client/status";
import { gatewayLines } from "./gateway-lines.js";

const none = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
const sums = { bytes_in: 0, bytes_out: 0 };

test("shows the gateway's addresses, and each route with its requests and targets", () => {
  const report: GatewayReport = {
    address: "127.0.0.1:8080",
    secure_address: "127.0.0.1:8443",
    connections: 1,
    routes: [
      {
        route: "/api/*",
        action: "forward",
        requests: { ...none, "2xx": 40, "4xx": 2, "5xx": 1 },
        ...sums,
        targets: [
          { target: "127.0.0.1:3000", state: "ok", active: 2 },
          { target: "tunnel://web", state: "unavailable", active: 0 },
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
    "/api/*  43        2    1    127.0.0.1:3000 [2 active], tunnel://web (unavailable)",
    "/old    0         0    0    redirect",
  ]);
});
