import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Cleanup, exchange, until } from "@postern/testkit";
import type { StepOptions } from "../middleware/chain/route-steps.js";
import type { RouteOptions } from "./service-options.js";
import { forward, namedOrigin, portOf, startService } from "./started-service.suite.js";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("a request that waits for a step is refused if a reload changes the steps of its route, and only then", async () => {
  const waiting: ServerResponse[] = [];
  const auth = createServer((_, outgoing) => void waiting.push(outgoing));
  await new Promise<void>((resolve) => auth.listen(0, "127.0.0.1", resolve));
  cleanup.defer(async () => {
    auth.closeAllConnections();
    await new Promise((resolve) => auth.close(resolve));
  });
  const forwardAuth = { url: `http://127.0.0.1:${(auth.address() as AddressInfo).port}/`, responseFields: [] };
  const [one, other] = await Promise.all(["one", "other"].map((name) => namedOrigin(cleanup.defer, name)));
  const routes = (port: number, more: StepOptions = {}): RouteOptions[] => [
    { ...forward("/*", port), steps: { forwardAuth, ...more } },
  ];
  const service = await startService(cleanup.defer, { routes: routes(one!.port) });
  for (const [given, outcome] of [
    [routes(other!.port), "200"],
    [routes(other!.port, { addresses: { deny: ["127.0.0.0/8"] } }), "503 PN_ACCESS_CHANGED"],
    [[], "503 PN_ACCESS_CHANGED"],
  ] as const) {
    service.replaceRoutes(routes(one!.port));
    const asked = waiting.length;
    const response = exchange(portOf(service.address), { host: "a.test" });
    await until("the question", () => waiting.length > asked);
    service.replaceRoutes(given);
    waiting.at(-1)!.writeHead(204).end();
    const { status, headers } = await response;
    expect([status, headers["postern-error"]].filter((part) => part !== undefined).join(" ")).toBe(outcome);
  }
});
