import { expect, test } from "vitest";
import { loadConfiguration, TomlFile } from "@postern/config";
import { checksOf, healthOf } from "./target-health.js";

/** What a route with these options asks of the gateway. */
async function asked(options: string): Promise<{ health: object; checks: object }> {
  const text = `[[proxy]]\npath = "/*"\ntargets = ["http://a:1", "http://b:2"]\n${options}\n`;
  const file = await TomlFile.read("postern.toml", Buffer.from(text));
  const given = loadConfiguration({ file, env: {}, flags: {} });
  const [route] = given.values.proxy;
  const hasTable = (name: string): boolean => given.hasTable("proxy", 0, name);
  return { health: healthOf(route!, hasTable), checks: checksOf(route!, hasTable, "route.example") };
}

// Every value occurs once, so that no option can stand for another one.
test("every option of ejection, slow start and circuit breaker has its own effect", async () => {
  const { health } = await asked(`slow_start = "11s"
[proxy.passive_health]
consecutive_failures = 12
min_success_ratio = 0.13
max_latency_ratio = 14
window = "15s"
min_requests = 16
ejection_time = "17s"
[proxy.circuit_breaker]
failure_threshold = 18
failure_window = "19s"
failure_ratio = 0.20
failure_status_codes = [521]
min_requests = 22
recovery_timeout = "23s"
success_threshold = 24`);
  expect(health).toEqual({
    health: {
      slowStart: 11_000,
      ejection: {
        failures: 12,
        time: 17_000,
        outliers: { minSuccessRatio: 0.13, maxLatencyRatio: 14, window: 15_000, minRequests: 16 },
      },
      breaker: {
        failures: 18,
        window: 19_000,
        ratio: 0.2,
        statuses: [521],
        minRequests: 22,
        recovery: 23_000,
        successes: 24,
      },
    },
  });
});

test("every option of the health checks has its own effect", async () => {
  const { checks } = await asked(`[proxy.http_health]
interval = "11s"
timeout = "12s"
unhealthy_threshold = 13
healthy_threshold = 14
path = "/p15"
host = "h16.example"
expected_status_codes = [217]
expected_body = "b18"
[proxy.websocket_health]
interval = "21s"
timeout = "22s"
unhealthy_threshold = 23
healthy_threshold = 24
path = "/p25"
host = "h26.example"
ping_message = "m27"
[proxy.tcp_health]
interval = "31s"
timeout = "32s"
unhealthy_threshold = 33
healthy_threshold = 34`);
  const times = (n: number): object => ({
    interval: (n + 1) * 1_000,
    timeout: (n + 2) * 1_000,
    unhealthyAfter: n + 3,
    healthyAfter: n + 4,
  });
  expect(checks).toEqual({
    checks: [
      {
        kind: "http",
        ...times(10),
        path: "/p15",
        method: "GET",
        host: "h16.example",
        statuses: [217],
        contains: "b18",
      },
      { kind: "websocket", ...times(20), path: "/p25", host: "h26.example", message: "m27" },
      { kind: "tcp", ...times(30) },
    ],
  });
});

test("method is that of the request", async () => {
  const { checks } = await asked('http_health = { method = "HEAD" }');
  expect(checks).toMatchObject({ checks: [{ kind: "http", method: "HEAD", host: "route.example" }] });
});

test("min_requests of the circuit breaker is failure_threshold by default", async () => {
  const { health } = await asked("circuit_breaker = { failure_threshold = 7 }");
  expect(health).toMatchObject({ health: { breaker: { failures: 7, minRequests: 7 } } });
});

test("a table that is off has no effect", async () => {
  const off = ["circuit_breaker", "passive_health", "http_health", "websocket_health", "tcp_health"];
  const { health, checks } = await asked(off.map((name) => `${name} = { enabled = false }`).join("\n"));
  expect([health, checks]).toEqual([{}, {}]);
});
