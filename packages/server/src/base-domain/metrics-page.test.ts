import { TrustedProxies } from "@postern/gateway";
import { describe, expect, test } from "vitest";
import { MetricsPage } from "./metrics-page.js";
import type { ServerMetrics } from "../metrics/metrics.js";

const ELSEWHERE = "PN_METRICS_ELSEWHERE";
const TOKEN = "PN_METRICS_TOKEN";

const page = (token?: string, proxies: string[] = []): MetricsPage =>
  new MetricsPage({} as ServerMetrics, { path: "/metrics", token, trustedProxies: new TrustedProxies(proxies) });

describe("without a token it is shown", () => {
  test.for([
    ["to this machine", "127.0.0.1", {}, [], undefined],
    ["by IPv6, too", "::1", {}, [], undefined],
    ["not to others", "192.0.2.1", {}, [], ELSEWHERE],
    [
      "not to others by a proxy here that nobody trusts",
      "127.0.0.1",
      { "x-forwarded-for": "192.0.2.1" },
      [],
      ELSEWHERE,
    ],
    ["nor when that says they are here", "127.0.0.1", { "x-forwarded-for": "127.0.0.1" }, [], ELSEWHERE],
    ["nor when it says it in another way", "127.0.0.1", { forwarded: "for=192.0.2.1" }, [], ELSEWHERE],
    ["not to others by a trusted proxy", "127.0.0.1", { "x-forwarded-for": "192.0.2.1" }, ["127.0.0.1"], ELSEWHERE],
    ["nor by one that does not say from whom", "127.0.0.1", {}, ["127.0.0.1"], ELSEWHERE],
    [
      "to this machine by a trusted proxy elsewhere",
      "10.0.0.1",
      { "x-forwarded-for": "127.0.0.1" },
      ["10.0.0.1"],
      undefined,
    ],
  ] as const)("%s", ([, peer, headers, proxies, code]) => {
    expect(page(undefined, [...proxies]).refusal({ peer, headers })).toBe(code);
  });
});

describe("with a token it is shown", () => {
  test.for([
    ["to who has it, from anywhere", "192.0.2.1", "Bearer secret-of-the-metrics", undefined],
    ["in any case of the scheme", "192.0.2.1", "bearer secret-of-the-metrics", undefined],
    ["not with another", "192.0.2.1", "Bearer secret-of-the-metric", TOKEN],
    ["not with none", "192.0.2.1", undefined, TOKEN],
    ["not by another scheme", "192.0.2.1", "Basic secret-of-the-metrics", TOKEN],
    ["not even to this machine without it", "127.0.0.1", undefined, TOKEN],
  ] as const)("%s", ([, peer, authorization, code]) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect(page("secret-of-the-metrics").refusal({ peer, headers })).toBe(code);
  });
});
