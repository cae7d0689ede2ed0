import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "@postern/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { ServerCredentials } from "../credentials/server-credentials.js";
import { logFilesOptions } from "../reporting/reporting.js";
import { readSettings, type Settings } from "../settings/configuration.js";
import { serverOptions } from "./configured-server.js";

const CREDENTIALS: ServerCredentials = {
  keys: { keys: [], file: undefined, warnings: [] },
  tokens: undefined,
  certificates: { certificates: [], clientCa: undefined, files: [], warnings: [] },
  policies: { policies: {}, provider: undefined, files: [], warnings: [] },
  files: [],
  warnings: [],
};

function settingsOf(toml: string): Promise<Settings> {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, toml, { mode: 0o600 });
  return readSettings({ config: file, env: {}, flags: {} });
}

async function optionsOf(toml: string): Promise<object> {
  return serverOptions(await settingsOf(toml), CREDENTIALS);
}

test.for([
  ["", 'parent_domain_cookies = "allow"', { parentDomainCookies: "allow" }],
  [
    "",
    'trusted_proxies = ["10.0.0.1"]\ntrusted_proxy_fields = ["X-Forwarded-User"]',
    { trustedProxies: ["10.0.0.1"], trustedProxyFields: ["X-Forwarded-User"] },
  ],
  ["", "via = true", { via: true }],
  ["", "max_tunnels = 7", { maxTunnels: 7 }],
  [".balancing", 'strategy = "least_time"', { groups: { strategy: "least_time" } }],
  [".balancing", 'sticky_sessions = "cookie"', { groups: { strategy: "least_connections", sticky: "cookie" } }],
  [".balancing", "may_join = false", { mayJoin: false }],
  [".balancing", 'allowed_strategies = ["first"]', { groupStrategies: ["first"] }],
  [".limits", "max_sessions = 7", { owners: { sessions: 7, names: 4_000, bindRate: 6_000 } }],
  [".limits", "max_names = 7", { owners: { sessions: 4_000, names: 7, bindRate: 6_000 } }],
  [".limits", "bind_rate = 7", { owners: { sessions: 4_000, names: 4_000, bindRate: 7 } }],
  [".limits", 'head_bytes = "2kB"', { headBytes: 2_000 }],
  [".limits", "head_fields = 17", { headFields: 17 }],
  [".limits", 'head_timeout = "7s"', { headTimeout: 7_000 }],
  [".limits", 'body_timeout = "7s"', { bodyTimeout: 7_000 }],
  [".limits", "min_body_rate = 7", { minBodyRate: 7 }],
  [".limits", 'stall_timeout = "7s"', { stallTimeout: 7_000 }],
  [".limits", "streams_per_session = 7", { streamsPerSession: 7 }],
  [".limits", "replay_body = 7", { replayBody: 7 }],
  [".limits", "interim_responses = 7", { interimResponses: 7 }],
  [".limits", "request_records = 7", { requestRecords: 7 }],
  [".security", 'connection_timeout = "7s"', { headTimeout: 7_000 }],
  [".security", 'idle_timeout = "7s"', { idleTimeout: 7_000 }],
  [".security", 'request_timeout = "7s"', { requestTimeout: 7_000 }],
  [".security", "max_request_size = 7", { maxRequestSize: 7 }],
  [".security", "block_suspicious_patterns = true", { blockSuspiciousPaths: true }],
  [".security", "block_suspicious_patterns = false", {}],
  [".rate_limit", "requests_per_minute = 7", {}],
  [
    ".rate_limit",
    "enabled = true",
    {
      tunnelRate: { requestsPerMinute: 1_000, window: 60_000, burst: 1_100, concurrent: 50 },
      tunnelBandwidth: 10_485_760,
    },
  ],
  [
    ".rate_limit",
    'enabled = true\nrequests_per_minute = 30\nwindow_seconds = 10\nburst_allowance = 2\nmax_connections_per_tunnel = 3\nmax_bandwidth_per_tunnel = "1MB"',
    { tunnelRate: { requestsPerMinute: 30, window: 10_000, burst: 7, concurrent: 3 }, tunnelBandwidth: 1_000_000 },
  ],
  [".network", 'tcp_keepalive_idle = "7s"', { tcpKeepAlive: 7_000 }],
  [".network", "tcp_keepalive = false", { tcpKeepAlive: 0 }],
] as const)("[tunnel.server%s] %s sets its option of the server, and no other", async ([table, lines, changed]) => {
  expect(await optionsOf(`[tunnel.server${table}]\n${lines}\n`)).toEqual({ ...(await optionsOf("")), ...changed });
});

test("file_mode sets the permissions of log files", async () => {
  const modeOf = async (toml: string): Promise<number | undefined> =>
    logFilesOptions(await settingsOf(`[logging]\nfile_logging = true\n${toml}`), "start")?.mode;
  expect([await modeOf(""), await modeOf('file_mode = "0640"')]).toEqual([0o600, 0o640]);
});
