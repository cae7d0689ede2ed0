import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import { refusals } from "../http/index.js";
import { QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import type { Route, UpstreamRoute } from "../route.js";
import { pathEdit, RouteTable } from "../routing/index.js";
import { ambiguousPaths, TRAVERSALS } from "../routing/routes.suite.js";
import { Visit } from "./visits.suite.js";

/** Path and Host of the request that an origin received; undefined if it received none. */
function received({ streams }: FakeUpstream): { path: string; host: string } | undefined {
  const [, path, host] = /^GET ([^ ]*) HTTP\/1\.1\r\nHost: ([^\r]*)\r\n/.exec(streams.at(-1)?.text ?? "") ?? [];
  return path === undefined || host === undefined ? undefined : { path, host };
}

/** Sends a request to a guarded route, `/api/*`, beside one that is open. */
function visit(path: string, stripPrefix: boolean): { step: QuickStep; guarded: FakeUpstream; open: FakeUpstream } {
  const [guarded, open] = [new FakeUpstream(), new FakeUpstream()];
  const step = new QuickStep();
  const table = new RouteTable<UpstreamRoute>([
    {
      match: { path: "/api/*", host: "a.test" },
      value: { ...guarded.route, steps: stepsOf(step), pathEdit: pathEdit("/api/*", { stripPrefix }) },
    },
    { match: { path: "/*" }, value: open.route },
  ]);
  const sent = new Visit({}, (head, _, address): Route => {
    const { method, host } = head;
    const { value } = table.find({ method, host, path: head.path, address, fieldValue: () => "" });
    return value ?? { kind: "refusal", refusal: refusals.PN_ROUTE_PATH };
  });
  sent.send(`GET ${path} HTTP/1.1\r\nHost: A.test:80\r\n\r\n`);
  return { step, guarded, open };
}

/** Checks that nothing reaches the guarded origin but what its step saw. */
function expectSame(path: string): void {
  for (const stripPrefix of [false, true]) {
    const { step, guarded, open } = visit(path, stripPrefix);
    const [seen] = step.seen;
    const arrived = received(guarded);
    if (arrived !== undefined) {
      expect(seen).toMatchObject({ path, host: "a.test" });
      const rest = path.slice("/api".length);
      expect(arrived.path).toBe(stripPrefix && !rest.startsWith("/") ? `/${rest}` : stripPrefix ? rest : path);
      expect(arrived.host).toBe("a.test:80");
    }
    // What the open route takes was never the step's business, and the reverse.
    expect(received(open) !== undefined && seen !== undefined, path).toBe(false);
  }
}

test("a step sees exactly the path and the host that the origin gets: paths that climb", () => {
  let admitted = 0;
  for (const traversal of TRAVERSALS) {
    for (const path of [`/api${traversal}`, `/api/a${traversal}`, `/x${traversal}`, `/x${traversal}/api/a`]) {
      expectSame(path);
      if (received(visit(path, false).guarded) !== undefined) admitted++;
    }
  }
  // Some of them stay below /api in every reading, so that the test compares something.
  expect(admitted).toBeGreaterThan(50);
});

test("a step sees exactly the path and the host that the origin gets: any path", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("", "/api", "/api/", "/x"),
      ambiguousPaths,
      fc.constantFrom("", "?a=/../b"),
      (...parts) => expectSame(parts.join("").replaceAll(/[ "]/g, "")),
    ),
    { numRuns: 300 },
  );
});
