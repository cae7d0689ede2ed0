import { afterEach, describe, expect, test } from "vitest";
import { Cleanup, exchange, Origin, until, type Exchange } from "@postern/testkit";
import type { TargetFigures } from "./gateway-figures.js";
import type { GatewayService } from "./gateway-service.js";
import type { ForwardAction, RouteOptions } from "./service-options.js";
import type { TargetReport } from "../upstream/target-report.js";
import { forward, namedOrigin, portOf, startService, type StartOptions } from "./started-service.suite.js";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const start = (options: StartOptions): Promise<GatewayService> => startService(cleanup.defer, options);
const named = (name: string): Promise<Origin> => namedOrigin(cleanup.defer, name);

test("a reload keeps an open circuit breaker, and closes it if its options change", async () => {
  const origin = await Origin.start(cleanup.defer, (_, outgoing) => void outgoing.writeHead(500).end());
  const breaker = { failures: 2, window: 9_000, minRequests: 2, ratio: 0.5, recovery: 60_000, successes: 1 };
  const route = (failures: number, more: Partial<RouteOptions> = {}): RouteOptions => ({
    ...forward("/*", origin.port, { health: { breaker: { ...breaker, failures, statuses: [500] } } }),
    ...more,
  });
  const service = await start({ routes: [route(2)] });
  const ask = async (): Promise<number> => (await exchange(portOf(service.address), { host: "x" })).status;
  expect([await ask(), await ask(), await ask()]).toEqual([500, 500, 503]);
  service.replaceRoutes([route(2, { afterEndpoints: true })]);
  expect(await ask()).toBe(503);
  service.replaceRoutes([route(3)]);
  expect(await ask()).toBe(500);
  expect(origin.requests).toHaveLength(3);
});

describe("a sticky route", () => {
  const sticky = (targets: readonly Origin[]): RouteOptions =>
    forward("/app/*", 0, {
      targets: targets.map(({ port }) => ({ url: `http://127.0.0.1:${port}` })),
      balance: { strategy: "round_robin", sticky: "cookie" },
    });

  test("binds a visitor by a cookie that is valid after a reload and in another process with the same key", async () => {
    const origins = [await named("one"), await named("two"), await named("three")];
    const cookieKey = (): string => "secret";
    const services = [
      await start({ routes: [sticky(origins)], cookieKey }),
      await start({ routes: [sticky(origins)], cookieKey }),
    ];
    const [first, second] = services as [GatewayService, GatewayService];
    const ask = (service: GatewayService, cookie = ""): Promise<Exchange> =>
      exchange(portOf(service.address), { host: "x", path: "/app/", ...(cookie && { headers: { cookie } }) });
    const begun = await ask(first);
    const [line = ""] = begun.headers["set-cookie"] ?? [];
    expect(line).toMatch(/^postern_target=[\w-]+; Path=\/app; HttpOnly; SameSite=Lax$/);
    const cookie = line.split(";")[0]!;
    first.replaceRoutes([{ ...sticky(origins), afterEndpoints: true }]);
    for (const service of [first, second, first, second]) {
      const again = await ask(service, cookie);
      expect([again.body.toString(), again.headers["set-cookie"]]).toEqual([begun.body.toString(), undefined]);
    }
    // The target leaves: the visitor gets another one, and its cookie.
    second.replaceRoutes([sticky(origins.filter(({ port }) => port !== origins[0]!.port))]);
    const moved = await ask(second, begun.body.toString() === "one" ? cookie : "");
    expect([moved.status, moved.headers["set-cookie"]]).toEqual([200, [expect.stringContaining("postern_target=")]]);
  });

  test("binds a visitor by its address, also after a reload and a restart, and sets no cookie", async () => {
    const origins = [await named("one"), await named("two"), await named("three")];
    const balance = { strategy: "round_robin", sticky: "address" } as const;
    const route = { ...sticky(origins), action: { ...sticky(origins).action, balance } as ForwardAction };
    const service = await start({ routes: [route] });
    const restarted = await start({ routes: [route] });
    const bodies = [];
    for (let n = 0; n < 4; n++)
      for (const { address } of [service, restarted]) {
        const { headers, body } = await exchange(portOf(address), { host: "x", path: "/app/" });
        expect(headers).not.toHaveProperty("set-cookie");
        bodies.push(body.toString());
        service.replaceRoutes([{ ...route, afterEndpoints: n % 2 === 0 }]);
      }
    expect(new Set(bodies).size).toBe(1);
  });
});

test("reports what happens to targets, and shows their state, weight, latency and last failure", async () => {
  let status = 200;
  const failing = await Origin.start(cleanup.defer, (_, outgoing) => void outgoing.writeHead(status).end());
  const other = await named("other");
  const reports: TargetReport[] = [];
  const breaker = { failures: 2, window: 9_000, minRequests: 2, ratio: 0, recovery: 60_000, successes: 1 };
  const targets = [failing, other].map(({ port }, n) => ({ url: `http://127.0.0.1:${port}`, weight: 2 - n }));
  const service = await start({
    routes: [forward("/*", 0, { targets, health: { breaker: { ...breaker, statuses: [500] } } })],
    onTargetChange: (report) => reports.push(report),
  });
  const ask = (): Promise<Exchange> => exchange(portOf(service.address), { host: "x" });
  const shown = (): TargetFigures => service.figures().routes[0]!.targets[0]!;
  const target = `127.0.0.1:${failing.port}`;
  const none = { active: 0, requests_per_second: 0, latency_ms: null, last_failure: null };
  expect(shown()).toEqual({ target, state: "ok", weight: 2, ...none });
  for (let n = 0; n < 3; n++) await ask();
  expect(shown().latency_ms).toBeGreaterThan(0);
  // Two requests in the last 10 seconds.
  expect(shown().requests_per_second).toBeCloseTo(0.2, 1);
  status = 500;
  for (let n = 0; n < 4; n++) await ask();
  expect(shown()).toMatchObject({
    state: "circuit_open",
    last_failure: { reason: "it responded with 500", time: expect.stringMatching(/^20.*Z$/) },
  });
  expect(reports).toEqual([{ route: "/*", target, change: "circuit_open" }]);
});

test("reports that all targets of a route fail their health checks, and then that one passes them", async () => {
  const bad = new Set<string>();
  const origin = (name: string): Promise<Origin> =>
    Origin.start(cleanup.defer, (_, outgoing) => void outgoing.writeHead(bad.has(name) ? 503 : 200).end());
  const origins = [await origin("a"), await origin("b")];
  const reports: TargetReport[] = [];
  const times = { interval: 20, timeout: 1_000, unhealthyAfter: 1, healthyAfter: 1 };
  const service = await start({
    routes: [
      forward("/*", 0, {
        targets: origins.map(({ port }) => ({ url: `http://127.0.0.1:${port}` })),
        checks: [{ kind: "http", method: "GET", path: "/up", statuses: [200], ...times }],
      }),
    ],
    onTargetChange: (report) => reports.push(report),
  });
  for (const name of ["a", "b"]) bad.add(name);
  await until("both to be unhealthy", () => reports.length === 2);
  expect(reports.map(({ areAllUnhealthy, reason }) => [areAllUnhealthy, reason])).toEqual([
    [false, "it responded with 503"],
    [true, "it responded with 503"],
  ]);
  expect(service.figures().routes[0]!.targets[0]).toMatchObject({
    state: "unhealthy",
    last_failure: { reason: "health check: it responded with 503", time: null },
  });
  bad.delete("b");
  await until("one to be healthy", () => reports.some(({ change }) => change === "healthy"));
  const checked = origins.map(({ requests }) => requests.length);
  service.replaceRoutes([]);
  await until("requests in progress", () => origins.every(({ connections }) => connections === 0));
  expect(origins.map(({ requests }, n) => requests.length - checked[n]! <= 1)).toEqual([true, true]);
});
