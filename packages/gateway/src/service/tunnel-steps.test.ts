import { afterEach, expect, test } from "vitest";
import { Cleanup, exchange } from "@postern/testkit";
import { QuickStep, DENIED, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import type { Steps } from "../middleware/chain/steps.js";
import { UNDIALLED_TUNNEL, type TunnelUpstream } from "./tunnel-target.js";
import { forward, namedOrigin, portOf, startService } from "./started-service.suite.js";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A tunnel without a client, whose steps change. */
class FakeTunnel {
  steps: Steps | undefined;
  readonly upstream: TunnelUpstream = Object.defineProperties({} as TunnelUpstream, {
    ...Object.getOwnPropertyDescriptors(UNDIALLED_TUNNEL),
    steps: { get: () => this.steps },
  });
}

test("a request to a route passes the steps of the route, and then those of each tunnel among its targets", async () => {
  const origin = await namedOrigin(cleanup.defer, "origin");
  const [one, two] = [new FakeTunnel(), new FakeTunnel()];
  const targets = ["tunnel://one", "tunnel://two", `http://127.0.0.1:${origin.port}`].map((url) => ({ url }));
  const route = { ...forward("/*", 0, { targets }), steps: { addresses: { deny: ["192.0.2.1"] } } };
  const service = await startService(cleanup.defer, {
    routes: [route],
    tunnelUpstream: (name) => (name === "one" ? one : two).upstream,
  });
  const ask = async (): Promise<number> => (await exchange(portOf(service.address), { host: "a" })).status;
  expect(await ask()).toBe(200);
  const [first, second] = [new QuickStep(), new QuickStep(() => DENIED)];
  one.steps = stepsOf(first);
  expect([await ask(), first.seen.length]).toEqual([200, 1]);
  two.steps = stepsOf(second);
  const before = origin.requests.length;
  expect([await ask(), first.seen.length, second.seen.length]).toEqual([403, 2, 1]);
  expect(origin.requests).toHaveLength(before);
  // The tunnel has lost its client: the rest still holds.
  two.steps = undefined;
  expect(await ask()).toBe(200);
  service.replaceRoutes([{ ...route, steps: { addresses: { deny: ["127.0.0.0/8"] } } }]);
  expect(await ask()).toBe(403);
});
