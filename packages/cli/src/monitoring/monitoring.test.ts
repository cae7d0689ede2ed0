import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings } from "../settings/configuration.js";
import { Monitoring } from "./monitoring.js";

const SPEC = { label: "web", options: { server: "http://localhost:1", apiKey: "0123456789abcdef", local: 3000 } };
const TOKEN = "token-of-the-metrics-0123";

/** The status of `/metrics` of a client with this file, by the request's token. */
async function metricsOf(toml: string): Promise<(token?: string) => Promise<number>> {
  const folder = scratchFolder(onTestFinished);
  const config = join(folder, "postern.toml");
  writeFileSync(config, `[tunnel.local_api]\nlisten = "127.0.0.1:0"\n${toml}\n`, { mode: 0o600 });
  const settings = await readSettings({ config, env: { HOME: folder, XDG_RUNTIME_DIR: folder }, flags: {} });
  const monitoring = new Monitoring({ settings, command: "start", specs: [SPEC], report() {} });
  await monitoring.start();
  onTestFinished(() => monitoring.stop());
  return async (token) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return (await fetch(`${monitoring.api?.url}/metrics`, { headers })).status;
  };
}

test("metrics_token in the file protects the metrics of the local API", async () => {
  const statusOf = await metricsOf(`metrics_token = "${TOKEN}"`);
  expect([await statusOf(), await statusOf("another-token-0123456789"), await statusOf(TOKEN)]).toEqual([
    401, 401, 200,
  ]);
});

test("without metrics_token, programs on this machine read the metrics", async () => {
  const statusOf = await metricsOf("");
  expect(await statusOf()).toBe(200);
});

test("with collect_metrics = false, there are no metrics", async () => {
  const statusOf = await metricsOf("[tunnel.monitoring]\ncollect_metrics = false");
  expect(await statusOf()).toBe(404);
});
