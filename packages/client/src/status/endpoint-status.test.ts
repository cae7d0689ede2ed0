import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyEvents, CONFIG, eventOf, requestOf, START } from "./any-event.suite.js";
import { EndpointStatus } from "./endpoint-status.js";
import { isHealthy, type EndpointReport, type StatusEvent } from "./status-document.js";
import { STATUS_SCHEMA } from "./status-schema.js";

const isValid = new Ajv2020({ formats: { "date-time": (text: string) => !Number.isNaN(Date.parse(text)) } }).compile(
  STATUS_SCHEMA,
);

function statusAfter(...events: StatusEvent[]): EndpointStatus {
  const status = new EndpointStatus("web", CONFIG);
  for (const event of events) status.add(event);
  return status;
}

const CONNECTED = [
  eventOf("connection_attempt"),
  eventOf("connection_success", {}, 10),
  eventOf("authentication_success", {}, 20),
  eventOf("tunnel_established", { public_url: "https://web.example.com", tunnel_id: "t1" }, 30),
];

test("before any event", () => {
  const report = statusAfter().report(START);
  expect(report).toMatchObject({ state: "disconnected", public_url: null, tunnel_id: null, recent_events: [] });
  expect(report.health).toEqual({
    score: 0,
    uptime_seconds: 0,
    retry_count: 0,
    last_error: null,
    last_ping: null,
    avg_ping_latency_ms: null,
    data_plane: "unknown",
    local: "unknown",
  });
  expect(report.metrics).toMatchObject({ total_connections: 0, success_rate: null, avg_response_time_ms: null });
});

test("a connection that opens, is lost and reconnects", () => {
  const status = statusAfter(...CONNECTED);
  expect(status.report(START + 90_030)).toMatchObject({
    state: "connected",
    public_url: "https://web.example.com",
    tunnel_id: "t1",
    health: { score: 95, uptime_seconds: 90 },
    metrics: { total_connections: 1, successful_connections: 1, failed_connections: 0, success_rate: 1 },
  });

  status.add(eventOf("tunnel_closed", { code: "PN_HEARTBEAT_LOST" }, 100_000));
  status.add(eventOf("reconnection", {}, 100_001));
  status.add(eventOf("connection_attempt", {}, 101_000));
  status.add(eventOf("connection_failure", { code: "PN_SERVER_UNREACHABLE" }, 101_500));
  status.add(eventOf("reconnection", {}, 101_501));
  const away = status.report(START + 102_000);
  expect(away).toMatchObject({
    state: "reconnecting",
    public_url: "https://web.example.com",
    health: { score: 24, uptime_seconds: 0, retry_count: 2, last_error: { code: "PN_SERVER_UNREACHABLE" } },
    metrics: { failed_connections: 1, success_rate: 0.5 },
  });
  expect(away.metrics.error_counts).toEqual({ PN_HEARTBEAT_LOST: 1, PN_SERVER_UNREACHABLE: 1 });

  for (const event of CONNECTED) status.add({ ...event, time: eventOf("pong", {}, 110_000).time });
  const back = status.report(START + 111_000);
  expect(back).toMatchObject({ state: "connected", health: { score: 85, uptime_seconds: 1, retry_count: 0 } });
  // A drop affects the score for ten minutes.
  expect(status.report(START + 701_000).health.score).toBe(95);
});

test("a reported state takes precedence over events, which may be about another session", () => {
  const status = statusAfter(...CONNECTED);
  status.stateChanged("connected", START + 100);
  status.add(eventOf("tunnel_closed", { code: "PN_SESSION_LOST" }, 1_000));
  status.add(eventOf("connection_attempt", {}, 2_000));
  expect(status.report(START + 3_030)).toMatchObject({ state: "connected", health: { uptime_seconds: 3 } });
  status.stateChanged("draining", START + 4_000);
  expect(status.report(START + 5_000)).toMatchObject({ state: "draining", health: { score: 0, uptime_seconds: 0 } });
});

test("the loss of one of several sessions is a drop, and not a failed attempt", () => {
  const status = statusAfter(
    ...CONNECTED,
    eventOf("connection_attempt", {}, 500),
    eventOf("connection_failure", { code: "PN_SESSION_LOST", others: 1 }, 1_000),
  );
  status.stateChanged("connected", START + 1_000);
  status.add(eventOf("reconnection", {}, 1_001));
  expect(status.report(START + 2_000)).toMatchObject({
    state: "connected",
    health: { score: 85, retry_count: 0 },
    metrics: { successful_connections: 1, failed_connections: 0, error_counts: { PN_SESSION_LOST: 1 } },
  });
});

test("a requested close is neither a drop nor an error", () => {
  const status = statusAfter(...CONNECTED, eventOf("tunnel_closed", { code: "PN_CLOSED" }, 1_000));
  expect(status.report(START + 1_000).health.last_error).toBeNull();
});

test("heartbeats and probes", () => {
  const status = statusAfter(...CONNECTED, eventOf("pong", { latency_ms: 10 }, 100));
  status.add(eventOf("pong", { latency_ms: 20 }, 200));
  status.add(eventOf("status_update", { data_plane: "ok" }, 300));
  expect(status.report(START + 300).health).toMatchObject({
    score: 100,
    last_ping: new Date(START + 200).toISOString(),
    avg_ping_latency_ms: 15,
    data_plane: "ok",
  });
  status.add(eventOf("status_update", { data_plane: "failing", error: "no answer" }, 400));
  const failing = status.report(START + 500);
  expect([failing.health.score, isHealthy(failing)]).toEqual([40, false]);
  // Other updates do not change it. The loss of the connection resets it.
  status.add(eventOf("status_update", { state: "reloaded" }, 500));
  expect(status.report(START + 500).health.data_plane).toBe("failing");
  status.add(eventOf("tunnel_closed", { code: "PN_SESSION_LOST" }, 600));
  expect(status.report(START + 600).health.data_plane).toBe("unknown");
  // Only the last 20 are used.
  for (let ping = 0; ping < 20; ping++) status.add(eventOf("pong", { latency_ms: 500 }, 700));
  expect(status.report(START + 700).health.avg_ping_latency_ms).toBe(500);
});

test("requests, listed and only counted", () => {
  const status = statusAfter(...CONNECTED, requestOf(200, 4, 100), requestOf(404, 8, 200), requestOf(0, 3, 300));
  status.add(eventOf("http_request", { omitted: 7 }, 400));
  const { metrics } = status.report(START + 500);
  expect(metrics).toMatchObject({
    http_requests: 10,
    http_responses: 9,
    omitted_requests: 7,
    bytes_in: 30,
    bytes_out: 300,
    requests_per_minute: 10,
    avg_response_time_ms: 5,
    response_times: { count: 3, sum_ms: 15 },
  });
  expect(metrics.responses_by_class).toEqual({ "1xx": 0, "2xx": 1, "3xx": 0, "4xx": 1, "5xx": 0 });
  expect(status.report(START + 3_600_000).metrics.requests_per_minute).toBe(0);
});

test("requests that are only counted are in every count, if the server reports their sums", () => {
  const status = statusAfter(...CONNECTED, requestOf(200, 4, 100));
  const totals = {
    statuses: [0, 5, 0, 0, 2],
    ended: { complete: 5, origin_reset: 2 },
    bytes_in: 70,
    bytes_out: 700,
    duration_ms: 80,
    durations: [0, 0, 0, 5, 2],
  };
  status.add(eventOf("http_request", { omitted: 7, totals }, 400));
  const { metrics } = status.report(START + 500);
  expect(metrics).toMatchObject({
    http_requests: 8,
    omitted_requests: 7,
    bytes_in: 80,
    bytes_out: 800,
    responses_by_class: { "2xx": 6, "5xx": 2 },
    requests_by_end: { complete: 5, origin_reset: 2, timeout: 0 },
    response_times: { count: 8, sum_ms: 84 },
    avg_response_time_ms: 10.5,
  });
  expect(metrics.response_times.counts.slice(0, 6)).toEqual([0, 0, 1, 5, 2, 0]);
});

test("requests are counted by how they ended", () => {
  const status = statusAfter(...CONNECTED);
  for (const ended of ["complete", "timeout", "timeout", undefined])
    status.add(eventOf("http_request", { ...requestOf(200, 1).data, ...(ended && { ended }) }));
  expect(status.report(START).metrics.requests_by_end).toMatchObject({ complete: 1, timeout: 2, refused: 0 });
});

test("requests are not counted if that is disabled", () => {
  const status = new EndpointStatus("web", CONFIG, false);
  status.add(requestOf(200, 4));
  expect(status.report(START).metrics).toMatchObject({ http_requests: 0, requests_per_minute: 0 });
});

test("while nothing listens at the local address, the endpoint is not healthy; afterwards the score is lower for a minute", () => {
  const status = statusAfter(...CONNECTED, eventOf("error", { code: "PN_DIAL_REFUSED" }, 1_000));
  const missing = status.report(START + 600_000);
  expect([missing.health.local, missing.health.score, isHealthy(missing)]).toEqual(["failing", 35, false]);
  // A later loss of the connection to the server says nothing about the local service.
  status.add(eventOf("tunnel_closed", { code: "PN_SESSION_LOST" }, 600_000));
  expect(status.report(START + 600_000).health.local).toBe("failing");

  const absent = { local: "failing", code: "PN_DIAL_REFUSED", error: "refused" };
  const back = statusAfter(...CONNECTED, eventOf("status_update", absent, 1_000));
  expect(back.report(START + 1_500).health).toMatchObject({
    local: "failing",
    last_error: { code: "PN_DIAL_REFUSED" },
  });
  back.add(eventOf("status_update", { local: "ok", before: "failing" }, 2_000));
  const { health, state } = back.report(START + 60_000);
  expect([health.local, health.score, isHealthy({ state, health })]).toEqual(["ok", 75, true]);
  expect(back.report(START + 62_000).health.score).toBe(95);
});

test("the numbers of kept events and error codes are limited", () => {
  const status = statusAfter(...CONNECTED);
  for (let index = 0; index < 1_000; index++) status.add(eventOf("error", { code: `PN_${index}` }, 1_000));
  for (let index = 0; index < 1_000; index++) status.add(requestOf(200, 1, 1_000));
  const { metrics, recent_events: recent } = status.report(START + 1_000);
  expect(Object.keys(metrics.error_counts)).toHaveLength(65);
  expect(metrics.error_counts["other"]).toBe(936);
  expect(recent).toHaveLength(20);
  expect(recent.at(-1)?.data).toEqual({ code: "PN_999" });
});

test("any events give a report that matches the schema, and always the same one", () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      const at = START + 10_000_000;
      const report = statusAfter(...events).report(at);
      const document = { schema: 1, version: "0.1.0", pid: 1, started: report.recent_events[0]?.time ?? "2026-01-01" };
      const head = { time: new Date(at).toISOString(), healthy: isHealthy(report), webhook: null, gateway: null };
      const whole = { ...document, ...head, endpoints: [report] };
      expect([isValid(JSON.parse(JSON.stringify(whole))), isValid.errors]).toEqual([true, null]);
      expect(statusAfter(...events).report(at)).toEqual(report);
      const { successful_connections: won, failed_connections: lost, http_requests: requests } = report.metrics;
      const count = (...types: string[]): number => events.filter(({ type }) => types.includes(type)).length;
      expect(won).toBe(count("authentication_success"));
      expect(lost).toBeLessThanOrEqual(Math.min(count("connection_attempt"), events.length - won));
      expect(requests).toBeGreaterThanOrEqual(report.metrics.http_responses);
    }),
  );
});

test("the schema describes every field", () => {
  const { metrics, ...rest } = statusAfter(...CONNECTED).report(START);
  const wrong: unknown[] = [
    { ...rest },
    { ...rest, metrics: { ...metrics, more: 1 } },
    { ...rest, metrics, state: "asleep" } satisfies Record<keyof EndpointReport, unknown>,
  ];
  const time = "2026-01-01";
  const head = { schema: 1, version: "0", pid: 1, started: time, time, healthy: true };
  const document = { ...head, webhook: null, gateway: null };
  for (const endpoint of wrong) expect(isValid({ ...document, endpoints: [endpoint] })).toBe(false);
  const endpoints = [{ ...rest, metrics }];
  expect(isValid({ ...document, endpoints })).toBe(true);
  expect(isValid({ ...document, endpoints, webhook: { events_delivered: 1, events_lost: 0 } })).toBe(true);
  expect(isValid({ ...document, endpoints, webhook: { events_delivered: 1 } })).toBe(false);
});
