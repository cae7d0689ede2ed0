import { Agent } from "node:http";
import { queryObjects } from "node:v8";
import { afterEach, expect, test } from "vitest";
import { Cleanup, exchange, Origin, until } from "@postern/testkit";
import { TargetChecks } from "../checks/target-checks.js";
import { CircuitBreaker } from "../health/circuit-breaker.js";
import { Ejection } from "../health/ejection.js";
import { PooledTarget } from "../upstream/pooled-target.js";
import { PooledTargets } from "../upstream/pooled-targets.js";
import { Target } from "../upstream/target.js";
import type { RouteOptions } from "./service-options.js";
import { forward, portOf, startService } from "./started-service.suite.js";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const TIMES = { interval: 20, timeout: 1_000, unhealthyAfter: 1, healthyAfter: 1 };
const BREAKER = { failures: 2, window: 60_000, minRequests: 2, ratio: 0, recovery: 600_000, successes: 1 };
const COUNTED = [PooledTargets, PooledTarget, Target, CircuitBreaker, Ejection, TargetChecks];

/** The objects of each class, after a collection, and what the process waits for by kind. */
function held(): Record<string, number> {
  const objects = COUNTED.map((each): [string, number] => [each.name, queryObjects(each, { format: "count" })]);
  const waiting = process.getActiveResourcesInfo();
  return { ...Object.fromEntries(objects), timers: waiting.filter((each) => each === "Timeout").length };
}

test("100 reloads while targets flap keep what is known of them, lose no request, and leave nothing behind", async () => {
  const bad = new Set<number>();
  const origins = await Promise.all(
    [0, 1, 2].map((n) =>
      Origin.start(cleanup.defer, (incoming, outgoing) => {
        const isBroken = n === 0 && incoming.url !== "/up";
        const isDown = incoming.url === "/up" && bad.has(n);
        outgoing.writeHead(isBroken ? 500 : isDown ? 503 : 200).end();
      }),
    ),
  );
  /** Each reload makes another route of the same name, with the same options of its targets. */
  const routes = (reload: number): RouteOptions[] => [
    {
      ...forward("/*", 0, {
        targets: origins.map(({ port }) => ({ url: `http://127.0.0.1:${port}` })),
        health: { breaker: { ...BREAKER, statuses: [500] }, ejection: { failures: 5, time: 50 } },
        checks: [{ kind: "http", method: "GET", path: "/up", statuses: [200], ...TIMES }],
        rewrite: `/${reload}`,
      }),
    },
  ];
  const service = await startService(cleanup.defer, { routes: routes(0) });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  cleanup.defer(async () => agent.destroy());
  const ask = async (): Promise<number> => (await exchange(portOf(service.address), { host: "x", agent })).status;
  const states = (): string[] => service.figures().routes[0]!.targets.map(({ state }) => state);
  const sent = (): number => origins[0]!.requests.filter(({ url }) => url !== "/up").length;
  await until("the circuit of the first target to be open", async () => {
    await ask();
    return states()[0] === "circuit_open";
  });
  const before = held();
  const opened = sent();
  const statuses: number[] = [];
  for (let reload = 1; reload <= 100; reload++) {
    const flapping = 1 + (reload % 2);
    bad.add(flapping);
    const during = Promise.all([ask(), ask(), ask()]);
    if (reload % 10 === 0) await until("an unhealthy target", () => states()[flapping] === "unhealthy");
    service.replaceRoutes(routes(reload));
    if (reload % 10 === 0) expect([reload, states()[flapping]]).toEqual([reload, "unhealthy"]);
    statuses.push(...(await during));
    bad.delete(flapping);
    if (reload % 10 === 0) await until("a healthy target", () => states()[flapping] === "ok");
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect([states()[0], sent()]).toEqual(["circuit_open", opened]);
  // A check in progress has a timer, and those that have ended may leave theirs until the next turn.
  await until(
    "everything else to be gone",
    () => {
      const now = held();
      return Object.keys(before).every((name) => now[name]! <= before[name]! + (name === "timers" ? 3 : 0));
    },
    { timeout: 3_000, details: () => JSON.stringify([before, held()]) },
  );
  agent.destroy();
  service.replaceRoutes([]);
  await until("all connections to be closed", () => origins.every(({ connections }) => connections === 0));
});
