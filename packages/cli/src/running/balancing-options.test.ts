import { describe, expect, test } from "vitest";
import { loadConfiguration, reference, TomlFile } from "@postern/config";
import type { RouteOptions } from "@postern/gateway/service";
import { routesOf } from "./configured-routes.js";

/** For each option of a table, another value than its default. */
const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  circuit_breaker: {
    enabled: "false",
    failure_threshold: "7",
    failure_window: '"7s"',
    failure_ratio: "0.7",
    failure_status_codes: "[507]",
    min_requests: "70",
    recovery_timeout: '"7s"',
    success_threshold: "7",
  },
  passive_health: {
    enabled: "false",
    consecutive_failures: "7",
    min_success_ratio: "0.7",
    max_latency_ratio: "7",
    window: '"7s"',
    min_requests: "7",
    ejection_time: '"7s"',
  },
  http_health: {
    enabled: "false",
    interval: '"7s"',
    timeout: '"7s"',
    unhealthy_threshold: "7",
    healthy_threshold: "7",
    path: '"/seven"',
    method: '"HEAD"',
    host: '"seven.example"',
    expected_status_codes: "[207]",
    expected_body: '"seven"',
  },
  websocket_health: {
    enabled: "false",
    interval: '"7s"',
    timeout: '"7s"',
    unhealthy_threshold: "7",
    healthy_threshold: "7",
    path: '"/seven"',
    host: '"seven.example"',
    ping_message: '"seven"',
  },
  tcp_health: {
    enabled: "false",
    interval: '"7s"',
    timeout: '"7s"',
    unhealthy_threshold: "7",
    healthy_threshold: "7",
  },
};
/** Those of the route itself. */
const OF_ROUTE: Readonly<Record<string, string>> = {
  strategy: 'strategy = "first"',
  hash_key: 'strategy = "hash"\nhash_key = "cookie:seven"',
  sticky_sessions: 'sticky_sessions = "cookie"',
  slow_start: 'slow_start = "7s"',
  resolve: 'resolve = "all"',
  connection_timeout: 'connection_timeout = "2s"',
};

async function route(options: string, more = ""): Promise<RouteOptions["action"]> {
  const text = `[[proxy]]\npath = "/*"\ntargets = [{ url = "http://a:1"${more} }, { url = "http://b:2" }]\n${options}\n`;
  const file = await TomlFile.read("postern.toml", Buffer.from(text));
  const given = loadConfiguration({ file, env: {}, flags: {} });
  const hasTable = (index: number, name: string): boolean => given.hasTable("proxy", index, name);
  return routesOf(given.values, {}, { hasTable })[0]!.action;
}

describe.each(Object.keys(VALUES))("[proxy.%s]", (table) => {
  const values = VALUES[table]!;

  test("has a value for each of its options here", () => {
    const section = reference().find(({ header }) => header.includes(`proxy.${table}]`));
    expect(section?.options.map(({ name }) => name).toSorted()).toEqual(Object.keys(values).toSorted());
  });

  test.each(Object.keys(values))("%s changes what the gateway does", async (option) => {
    expect(await route(`${table}.${option} = ${values[option]}`)).not.toEqual(await route(`${table} = {}`));
  });
});

test.each(Object.keys(OF_ROUTE))("%s changes what the gateway does", async (option) => {
  const before = OF_ROUTE[option]!.includes("hash_key") ? 'strategy = "hash"' : "";
  expect(await route(OF_ROUTE[option]!)).not.toEqual(await route(before));
});

test("the weight of a target changes what the gateway does", async () => {
  expect(await route("", ", weight = 7")).not.toEqual(await route(""));
});
