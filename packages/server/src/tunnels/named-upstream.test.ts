import { expect, test } from "vitest";
import type { FinishedRequest } from "@postern/gateway";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { NamedUpstream } from "./named-upstream.js";
import type { Tunnel } from "./tunnel.js";
import { TunnelRegistry } from "./tunnel-registry.js";

const STREAM = {};

/** The upstream of the name `web`, which these tunnels serve in turn. */
function upstream(...found: (Partial<Tunnel> | undefined)[]): NamedUpstream {
  let next = 0;
  const peek = (name: string): Tunnel | undefined =>
    name === "web" ? (found[next % found.length] as Tunnel | undefined) : undefined;
  const pick = (name: string): Tunnel | undefined => {
    const tunnel = peek(name);
    next++;
    return tunnel;
  };
  return new NamedUpstream(
    "web",
    { pick, peek, members: () => [], steps: () => undefined, useAsTarget() {} },
    (name) => `${name}.tunnel.example:8080`,
  );
}

test("a name without a client is gone, and the public address is its Host", () => {
  const { unavailable, suspect, authority } = upstream(undefined);
  expect([unavailable, suspect, authority]).toEqual(["gone", true, "web.tunnel.example:8080"]);
});

test("a tunnel decides for itself whether it is available, and which Host its service gets", () => {
  const { unavailable, suspect, hostHeader } = upstream({ unavailable: "full", suspect: false, hostHeader: "app" });
  expect([unavailable, suspect, hostHeader]).toEqual(["full", false, "app"]);
});

test("a dial opens a stream of a tunnel, whose client gets the record of the request", () => {
  const finished: FinishedRequest[] = [];
  const tunnel: Partial<Tunnel> = { dial: () => STREAM as never, onFinished: (request) => void finished.push(request) };
  const web = upstream(tunnel);
  expect(web.dial()).toBe(STREAM);
  web.onFinished({ id: "r-1" } as FinishedRequest);
  expect(finished).toEqual([{ id: "r-1" }]);
});

test("the tunnels of a name get requests in turn, whatever is asked about the name in between", () => {
  const registry = new TunnelRegistry(new MemoryLeaseStore(() => 0));
  const dialled: number[] = [];
  for (const number of [1, 2]) {
    const dial = (): never => (dialled.push(number), STREAM as never);
    const tunnel = { name: "web", number, inUse: 0, share: 1, available: true, suspect: false, checkAlive() {}, dial };
    registry.add({ ...tunnel, onFinished() {} } as unknown as Tunnel, { owner: "ann", instance: "one" });
  }
  const web = new NamedUpstream("web", registry, (name) => name);
  for (let n = 0; n < 6; n++) {
    expect([web.suspect, web.authority]).toEqual([false, "web"]);
    web.dial();
    web.onFinished({} as FinishedRequest);
  }
  expect(dialled.filter((number) => number === 1)).toHaveLength(3);
});
