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
    ["not to other machines", "192.0.2.1", {}, [], ELSEWHERE],
    [
      "not to other machines through an untrusted proxy on this machine",
      "127.0.0.1",
      { "x-forwarded-for": "192.0.2.1" },
      [],
      ELSEWHERE,
    ],
    [
      "not when that proxy names this machine as the visitor",
      "127.0.0.1",
      { "x-forwarded-for": "127.0.0.1" },
      [],
      ELSEWHERE,
    ],
    [
      "not when that proxy names a visitor in another field",
      "127.0.0.1",
      { forwarded: "for=192.0.2.1" },
      [],
      ELSEWHERE,
    ],
    [
      "not to other machines through a trusted proxy",
      "127.0.0.1",
      { "x-forwarded-for": "192.0.2.1" },
      ["127.0.0.1"],
      ELSEWHERE,
    ],
    ["to this machine beside a trusted proxy on this machine", "127.0.0.1", {}, ["127.0.0.1"], undefined],
    ["to this machine by IPv6 beside a trusted proxy on this machine", "::1", {}, ["127.0.0.0/8", "::1"], undefined],
    [
      "to this machine through a trusted proxy on this machine",
      "127.0.0.1",
      { "x-forwarded-for": "127.0.0.1" },
      ["127.0.0.1"],
      undefined,
    ],
    [
      "not when a visitor of that proxy claims to be this machine",
      "127.0.0.1",
      { "x-forwarded-for": "127.0.0.1, 192.0.2.1" },
      ["127.0.0.1"],
      ELSEWHERE,
    ],
    [
      "not through a trusted proxy that names no address",
      "127.0.0.1",
      { "x-forwarded-for": "unknown" },
      ["127.0.0.1"],
      ELSEWHERE,
    ],
    [
      "not through a trusted proxy that names the visitor only in another field",
      "127.0.0.1",
      { forwarded: "for=127.0.0.1" },
      ["127.0.0.1"],
      ELSEWHERE,
    ],
    ["not to a trusted proxy elsewhere that names no visitor", "10.0.0.1", {}, ["10.0.0.1"], ELSEWHERE],
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
    ["to a request with the token, from any machine", "192.0.2.1", "Bearer secret-of-the-metrics", undefined],
    ["to a request with the scheme in lower case", "192.0.2.1", "bearer secret-of-the-metrics", undefined],
    ["not to a request with another token", "192.0.2.1", "Bearer secret-of-the-metric", TOKEN],
    ["not to a request without a token", "192.0.2.1", undefined, TOKEN],
    ["not to a request with another scheme", "192.0.2.1", "Basic secret-of-the-metrics", TOKEN],
    ["not to this machine without the token", "127.0.0.1", undefined, TOKEN],
  ] as const)("%s", ([, peer, authorization, code]) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect(page("secret-of-the-metrics").refusal({ peer, headers })).toBe(code);
  });
});
