import { expect, test } from "vitest";
import type { FinishedRequest } from "@postern/gateway";
import { NamedUpstream } from "./named-upstream.js";
import type { Tunnel } from "./tunnel.js";

const STREAM = {};

/** The upstream of the name `web`, which these tunnels serve in turn. */
function upstream(...found: (Partial<Tunnel> | "away" | undefined)[]): NamedUpstream {
  let next = 0;
  const find = (name: string): Tunnel | "away" | undefined =>
    name === "web" ? (found[next++ % found.length] as Tunnel | "away") : undefined;
  return new NamedUpstream("web", { find }, (name) => `${name}.tunnel.example:8080`);
}

test("a name without a client is gone, and the public address is its Host", () => {
  for (const found of ["away", undefined] as const) {
    const { unavailable, suspect, authority } = upstream(found);
    expect([unavailable, suspect, authority]).toEqual(["gone", true, "web.tunnel.example:8080"]);
  }
});

test("a tunnel decides for itself whether it is available, and which Host its service gets", () => {
  const { unavailable, suspect, authority } = upstream({ unavailable: "full", suspect: false, hostHeader: "app" });
  expect([unavailable, suspect, authority]).toEqual(["full", false, "app"]);
});

test("a dial opens a stream of a tunnel, whose client gets the record of the request", () => {
  const finished: FinishedRequest[] = [];
  const tunnel: Partial<Tunnel> = { dial: () => STREAM as never, onFinished: (request) => void finished.push(request) };
  const web = upstream(tunnel);
  expect(web.dial()).toBe(STREAM);
  web.onFinished({ id: "r-1" } as FinishedRequest);
  expect(finished).toEqual([{ id: "r-1" }]);
});
