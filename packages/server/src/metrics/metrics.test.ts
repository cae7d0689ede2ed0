import { beforeEach, expect, test } from "vitest";
import { METRIC_LABELS, REST_LABEL } from "./declared-metrics.js";
import { ServerMetrics, type CountedRequest, type Measured } from "./metrics.js";

const REFUSALS = ["PN_TUNNEL_UNKNOWN", "PN_HTTP_HOST"];
let sessions: [string, number][];
const MEASURED: Measured = {
  sessions: 0,
  tunnels: 0,
  guarded: 0,
  streams: 0,
  connections: 0,
  certificateEnds: undefined,
  accessLog: undefined,
  ownerSessions: () => sessions,
};
const request: CountedRequest = {
  status: 200,
  ended: "complete",
  startedAt: 0,
  endedAt: 1,
  bytesIn: 3,
  bytesOut: 7,
  repairs: new Set(),
};

let metrics: ServerMetrics;
beforeEach(() => {
  sessions = [];
  metrics = new ServerMetrics(MEASURED, REFUSALS);
});

/** The values of all series whose line begins with `start`, by the rest of the line. */
async function series(start: string): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith(start));
  return Object.fromEntries(
    lines.map((line) => [line.slice(start.length, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

test("series exist from the start with 0", async () => {
  const zeros = (...names: string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 0]));
  expect(await series('postern_requests_total{status="')).toEqual(zeros('1xx"}', '2xx"}', '3xx"}', '4xx"}', '5xx"}'));
  expect(await series('postern_requests_ended_total{ended="')).toEqual(
    zeros('complete"}', 'origin_reset"}', 'origin_invalid"}', 'visitor_left"}', 'timeout"}', 'refused"}'),
  );
  expect(await series('postern_refused_requests_total{code="')).toEqual(zeros('PN_TUNNEL_UNKNOWN"}', 'PN_HTTP_HOST"}'));
  expect(await series("postern_body_bytes_total")).toEqual(zeros('{direction="in"}', '{direction="out"}'));
  expect(await series("postern_logins_total")).toMatchObject(zeros('{outcome="ok"}', '{outcome="PN_AUTH_REFUSED"}'));
});

test("a request counts for the server, its tunnel and its owner", async () => {
  const shop = metrics.tunnel("shop", "ann");
  const web = metrics.tunnel("web", "ann");
  shop.finished(request);
  shop.finished({ ...request, status: 502, ended: "origin_reset" });
  web.finished({ ...request, status: 799 });
  expect(await series('postern_tunnel_requests_total{tunnel="shop",owner="ann",status="')).toMatchObject({
    '2xx"}': 1,
    '5xx"}': 1,
  });
  expect(await series('postern_tunnel_requests_total{tunnel="web",owner="ann",status="')).toMatchObject({ '5xx"}': 1 });
  expect(await series('postern_owner_requests_total{owner="ann",status="')).toMatchObject({ '2xx"}': 1, '5xx"}': 2 });
  expect(await series('postern_owner_body_bytes_total{owner="ann",direction="')).toEqual({ 'in"}': 9, 'out"}': 21 });
  expect(await series('postern_requests_ended_total{ended="')).toMatchObject({ 'complete"}': 2, 'origin_reset"}': 1 });
  expect(metrics.totals).toEqual({ requests: 3, received_bytes: 9, sent_bytes: 21 });
});

test("the number of tunnels and owners with series of their own is limited, and no request is lost", async () => {
  const requests = METRIC_LABELS.tunnels + 100;
  for (let n = 0; n < requests; n++) metrics.tunnel(`t${n}`, `owner-${n}`).finished(request);
  const sum = (values: Record<string, number>): number => Object.values(values).reduce((all, value) => all + value, 0);
  const tunnels = await series("postern_tunnel_requests_total");
  expect([Object.keys(tunnels).length, sum(tunnels)]).toEqual([5 * (METRIC_LABELS.tunnels + 1), requests]);
  const owners = await series("postern_owner_requests_total");
  expect([Object.keys(owners).length, sum(owners)]).toEqual([5 * (METRIC_LABELS.owners + 1), requests]);
  expect(owners[`{owner="${REST_LABEL}",status="2xx"}`]).toBe(requests - METRIC_LABELS.owners);
});

test("durations are a cumulative histogram, without upgraded connections", async () => {
  const shop = metrics.tunnel("shop", "ann");
  for (const seconds of [0.001, 0.3, 0.3, 100]) shop.finished({ ...request, endedAt: seconds * 1e3 });
  shop.finished({ ...request, status: 101, endedAt: 9e9 });
  const buckets = await series('postern_request_duration_seconds_bucket{le="');
  expect([buckets['0.005"}'], buckets['0.25"}'], buckets['0.5"}'], buckets['60"}'], buckets['+Inf"}']]).toEqual([
    1, 1, 3, 3, 4,
  ]);
  expect(await series("postern_request_duration_seconds_count")).toEqual({ "": 4 });
  expect((await series("postern_request_duration_seconds_sum"))[""]).toBeCloseTo(100.6, 0);
});

test("the sessions of owners beyond the limit are summed up", async () => {
  sessions = Array.from({ length: METRIC_LABELS.owners + 5 }, (_, n) => [`owner-${n}`, 2]);
  const found = await series("postern_owner_sessions");
  expect(Object.keys(found)).toHaveLength(METRIC_LABELS.owners + 1);
  expect(found[`{owner="${REST_LABEL}"}`]).toBe(10);

  sessions = [REST_LABEL, `${"x".repeat(100)}a`, `${"x".repeat(100)}b`].map((owner) => [owner, 1]);
  expect(Object.values(await series("postern_owner_sessions"))).toEqual([1, 2]);
});

test("text of an owner can neither break the page nor fill it", async () => {
  metrics.tunnel("shop", `a"b\\c\n${"x".repeat(9_999)}`).finished(request);
  const [name] = Object.keys(await series('postern_owner_requests_total{owner="a'));
  expect(name).toMatch(/^\\"b\\\\c\\nx{94}",status=/);
});

test("the CPU time of the page is that of the whole process", async () => {
  const { user, system } = process.cpuUsage();
  const [seconds] = Object.values(await series("process_cpu_seconds_total"));
  expect(seconds).toBeGreaterThanOrEqual((user + system) / 1e6);
});
