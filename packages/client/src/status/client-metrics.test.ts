import fc from "fast-check";
import { expect, test } from "vitest";
import { anyEvents, CONFIG, eventOf, requestOf, START } from "./any-event.suite.js";
import { CLIENT_METRICS, metricFamilies } from "./client-metrics.js";
import { EndpointStatus } from "./endpoint-status.js";
import { metricsText } from "./metrics-text.js";
import type { StatusDocument, StatusEvent, WebhookReport } from "./status-document.js";

function documentAfter(events: StatusEvent[], label = "web", webhook: WebhookReport | null = null): StatusDocument {
  const status = new EndpointStatus(label, CONFIG);
  for (const event of events) status.add(event);
  const time = new Date(START).toISOString();
  const endpoints = [status.report(START + 5_000)];
  return { schema: 1, version: "0.1.0", pid: 7, started: time, time, healthy: true, webhook, endpoints, gateway: null };
}

/** Parses the Prometheus text format 0.0.4 by its grammar. @throws on anything else. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment?.[1] === "TYPE") {
      expect(typed.has(comment[2] as string), line).toBe(false);
      typed.add(comment[2] as string);
    }
    if (comment !== null) continue;
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line);
    if (sample === null) throw new Error(`no line of the format: ${line}`);
    const [, key = "", value = ""] = sample;
    expect(samples.has(key), line).toBe(false);
    expect(Number.isFinite(Number(value)), line).toBe(true);
    samples.set(key, Number(value));
  }
  return samples;
}

test("the metrics of a client, as Prometheus parses them", () => {
  const events = [
    eventOf("connection_attempt"),
    eventOf("authentication_success"),
    eventOf("tunnel_established", { public_url: "https://web.example.com" }),
    eventOf("pong", { latency_ms: 12 }, 1_000),
    requestOf(200, 3, 2_000),
    requestOf(503, 40, 3_000),
    eventOf("error", { code: "PN_DIAL_REFUSED" }, 4_000),
  ];
  const samples = samplesOf(metricsText(metricFamilies(documentAfter(events))));
  const value = (name: string): number | undefined => samples.get(name);
  expect(value('postern_client_info{version="0.1.0"}')).toBe(1);
  expect(value("postern_client_start_time_seconds")).toBe(START / 1_000);
  expect(value('postern_client_endpoint_healthy{endpoint="web"}')).toBe(0);
  expect(value('postern_client_endpoint_local{endpoint="web",local="failing"}')).toBe(1);
  expect(value('postern_client_endpoint_local{endpoint="web",local="ok"}')).toBe(0);
  expect(value('postern_client_endpoint_state{endpoint="web",state="connected"}')).toBe(1);
  expect(value('postern_client_endpoint_state{endpoint="web",state="failed"}')).toBe(0);
  expect(value('postern_client_ping_latency_seconds{endpoint="web"}')).toBe(0.012);
  expect(value('postern_client_connections_total{endpoint="web",outcome="success"}')).toBe(1);
  expect(value('postern_client_http_responses_total{endpoint="web",class="5xx"}')).toBe(1);
  expect(value('postern_client_http_response_time_seconds_bucket{endpoint="web",le="0.005"}')).toBe(1);
  expect(value('postern_client_http_response_time_seconds_bucket{endpoint="web",le="+Inf"}')).toBe(2);
  expect(value('postern_client_http_response_time_seconds_count{endpoint="web"}')).toBe(2);
  expect(value('postern_client_http_response_time_seconds_sum{endpoint="web"}')).toBeCloseTo(0.043);
  expect(value('postern_client_errors_total{endpoint="web",code="PN_DIAL_REFUSED"}')).toBe(1);
});

test("the webhook's metrics exist only with a webhook", () => {
  const metricsWith = (webhook: WebhookReport | null) =>
    samplesOf(metricsText(metricFamilies(documentAfter([], "web", webhook))));
  const samples = metricsWith({ events_delivered: 7, events_lost: 2 });
  expect(samples.get("postern_client_webhook_events_delivered_total")).toBe(7);
  expect(samples.get("postern_client_webhook_events_lost_total")).toBe(2);
  expect([...metricsWith(null).keys()].filter((name) => name.includes("webhook"))).toEqual([]);
});

test("names and labels follow the conventions of Prometheus", () => {
  const names = CLIENT_METRICS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type, help, labels } of CLIENT_METRICS) {
    expect(name).toMatch(/^postern_client_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|minutes?)(_|$)/);
    expect(help).toMatch(/^\S.*\.$/);
    expect(labels).not.toContain("le");
  }
});

test("any events and any label give valid text with the declared labels", () => {
  fc.assert(
    fc.property(anyEvents, fc.string(), (events, label) => {
      const document = documentAfter(events, label);
      samplesOf(metricsText(metricFamilies(document)));
      for (const { labels, samples, name } of CLIENT_METRICS)
        for (const sample of samples(document))
          expect(
            Object.keys(sample.labels).filter((each) => each !== "le"),
            name,
          ).toEqual(labels);
    }),
  );
});
