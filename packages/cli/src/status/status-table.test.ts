import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { ConfigSummary, TunnelEvent, TunnelEventType } from "@postern/client";
import { EndpointStatus, type StatusDocument } from "@postern/client/status";
import type { ClientResponse } from "./query-client.js";
import { statusTable } from "./status-table.js";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const plain = picocolors.createColors(false);

/** The response of a client with one endpoint after these events, a minute after the first. */
function response(
  pid: number,
  endpoint: string,
  ...events: [type: TunnelEventType, data: Record<string, unknown>][]
): ClientResponse {
  const status = new EndpointStatus(endpoint, { local: "3000" } as ConfigSummary);
  for (const [index, [type, data]] of events.entries()) {
    const time = new Date(NOW - 60_000 + index * 1_000).toISOString();
    status.add({ time, type, endpoint, message: `Event ${type}.`, data } as TunnelEvent);
  }
  const time = new Date(NOW).toISOString();
  const document: StatusDocument = {
    schema: 1,
    version: "0.1.0",
    pid,
    started: time,
    time,
    healthy: false,
    webhook: null,
    endpoints: [status.report(NOW)],
    gateway: null,
  };
  return {
    client: { schema: 1, pid, api: "http://127.0.0.1:4040", started: time, command: "http" },
    document,
    isGone: false,
  };
}

const CONNECTED: [TunnelEventType, Record<string, unknown>] = [
  "tunnel_established",
  { public_url: "http://my-app.tunnel.example.com:8080" },
];

const UP: [TunnelEventType, Record<string, unknown>] = ["status_update", { local: "ok", before: "unknown" }];

test("one healthy client", () => {
  const requests = Array.from({ length: 30 }, (): [TunnelEventType, Record<string, unknown>] => [
    "http_request",
    { status: 200, duration_ms: 12 },
  ]);
  const lines = statusTable(
    [response(1, "web", CONNECTED, UP, ["pong", { latency_ms: 3.4 }], ...requests)],
    110,
    plain,
  );
  expect(lines).toEqual([
    "ENDPOINT  STATE      URL                                    LOCAL  UP    HEALTH  REQ/S  RESPONSE  PING",
    "web       connected  http://my-app.tunnel.example.com:8080  ok     60 s  95      0.5    12 ms     3 ms",
  ]);
});

test("several clients have a PID column, and problems are listed", () => {
  const failing = response(12, "api", CONNECTED, ["status_update", { data_plane: "failing" }]);
  const away = response(345, "web", ["connection_failure", { code: "PN_SERVER_UNREACHABLE" }], ["reconnection", {}]);
  const silent: ClientResponse = {
    client: { schema: 1, pid: 6, api: "http://127.0.0.1:4041", started: "", command: "start" },
    trouble: "no response",
    isGone: false,
  };
  expect(statusTable([failing, away, silent], undefined, plain)).toEqual([
    "PID  ENDPOINT  STATE         URL                                    LOCAL  UP    HEALTH  REQ/S  RESPONSE  PING",
    "12   api       connected     http://my-app.tunnel.example.com:8080  -      60 s  40      0      -         -",
    "345  web       reconnecting  -                                      -      -     27      0      -         -",
    "api: connected, but the end-to-end check fails: visitors may get errors.",
    "web: Event connection_failure. (PN_SERVER_UNREACHABLE, 60 s ago, retry 1)",
    "postern start (process 6): no response.",
  ]);
});

test("a local service that is down, and a client of an older version that does not report it", () => {
  const down = response(1, "web", CONNECTED, ["error", { code: "PN_DIAL_REFUSED" }]);
  const lines = statusTable([down], undefined, plain);
  expect(lines[1]).toMatch(/^web +connected +http\S+ +down +60 s/);
  expect(lines.slice(2)).toEqual([
    "web: the local service at localhost:3000 is down: visitors get status 502.",
    "web: Event error. (PN_DIAL_REFUSED, 59 s ago)",
  ]);
  const old = response(1, "web", CONNECTED);
  for (const { health } of old.document?.endpoints ?? []) delete (health as Partial<typeof health>).local;
  expect(statusTable([old], undefined, plain)[1]).toMatch(/^web +connected +http\S+ +- +60 s/);
});

test("a narrow terminal leaves out columns, then cuts URLs, then lines", () => {
  const one = response(1, "web", CONNECTED);
  const table = (columns: number): string[] => statusTable([one], columns, plain);
  for (const columns of [90, 60, 40, 20])
    for (const line of statusTable([one], columns, picocolors.createColors(true)))
      // eslint-disable-next-line no-control-regex
      expect(line.replace(/\x1b\[\d+m/g, "").length).toBeLessThanOrEqual(columns);
  expect(table(80)).toEqual([
    "ENDPOINT  STATE      URL                                    LOCAL  UP    HEALTH",
    "web       connected  http://my-app.tunnel.example.com:8080  -      60 s  95",
  ]);
  expect(table(66)[1]).toBe("web       connected  http://my-app.tunnel.example.com:8080  -");
  expect(table(64)[1]).toBe("web       connected  http://my-app.tunnel.example.com:80…  -");
  expect(table(44)[1]).toBe("web       connected  http://my-app.t…  -");
});

test("text of a server cannot control the terminal", () => {
  const evil = response(
    1,
    "web",
    ["tunnel_established", { public_url: "http://\x1b[2J" }],
    ["error", { code: "\x1b[1A" }],
  );
  expect(statusTable([evil], 80, plain).join("")).not.toMatch(/\p{Cc}/u);
});

test("without clients", () => {
  expect(statusTable([], 80, plain)).toEqual([
    "No client is running. Start one with `postern http` or `postern start`.",
  ]);
});
