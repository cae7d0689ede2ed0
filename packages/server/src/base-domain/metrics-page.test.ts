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
    ["to this machine by IPv6", "::1", {}, [], undefined],
    ["not to others", "192.0.2.1", {}, [], ELSEWHERE],
    [
      "not to others through an untrusted proxy on this machine",
      "127.0.0.1",
      { "x-forwarded-for": "192.0.2.1" },
      [],
      ELSEWHERE,
    ],
    [
      "nor when that proxy claims this machine as the visitor",
      "127.0.0.1",
      { "x-forwarded-for": "127.0.0.1" },
      [],
      ELSEWHERE,
    ],
    ["nor when it claims so in another field", "127.0.0.1", { forwarded: "for=192.0.2.1" }, [], ELSEWHERE],
    [
      "not to others through a trusted proxy",
      "127.0.0.1",
      { "x-forwarded-for": "192.0.2.1" },
      ["127.0.0.1"],
      ELSEWHERE,
    ],
    ["nor through one that does not name the visitor", "127.0.0.1", {}, ["127.0.0.1"], ELSEWHERE],
    [
      "to this machine through a trusted proxy elsewhere",
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
    ["to a request with it, from anywhere", "192.0.2.1", "Bearer secret-of-the-metrics", undefined],
    ["to the scheme in any case", "192.0.2.1", "bearer secret-of-the-metrics", undefined],
    ["not to a request with another", "192.0.2.1", "Bearer secret-of-the-metric", TOKEN],
    ["not to a request without one", "192.0.2.1", undefined, TOKEN],
    ["not to another scheme", "192.0.2.1", "Basic secret-of-the-metrics", TOKEN],
    ["not to this machine without it", "127.0.0.1", undefined, TOKEN],
  ] as const)("%s", ([, peer, authorization, code]) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect(page("secret-of-the-metrics").refusal({ peer, headers })).toBe(code);
  });
});
