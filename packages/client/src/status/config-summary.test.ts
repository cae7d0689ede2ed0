import { expect, test } from "vitest";
import { configSummary } from "./config-summary.js";

test("contains the configuration without secrets", () => {
  const summary = configSummary({
    server: "wss://tunnel.example.com",
    apiKey: "s3cr3t-key",
    local: 3000,
    fallbacks: ["other.example.com"],
    connections: 2,
    headers: { "X-Proxy": "s3cr3t-header" },
    tls: { key: "s3cr3t-pem" },
    keepaliveInterval: 60_000,
    reconnection: { maxAttempts: 3 },
  });
  expect(summary).toEqual({
    server: "https://tunnel.example.com",
    fallback_servers: ["https://other.example.com"],
    sessions: 2,
    local: "3000",
    subdomain: null,
    host_header: null,
    group_weight: null,
    auth_method: "api_key",
    connection_timeout_ms: 30_000,
    keepalive_interval_ms: 10_000,
    max_connections: 1_024,
    reconnection: { enabled: true, initial_delay_ms: 1_000, max_delay_ms: 20_000, max_attempts: 3 },
  });
  expect(JSON.stringify(summary)).not.toContain("s3cr3t");
});

test.for([
  [{ token: "t" }, "token"],
  [{ tokenRefresh: { url: "https://a.example", refreshToken: "r" } }, "token"],
  [{}, "certificate"],
] as const)("by %j", ([credential, method]) => {
  expect(configSummary({ server: "http://localhost:8080", local: "a:1", ...credential }).auth_method).toBe(method);
});
