import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { claimPort, exchange, postern, scratchFolder, TEST_KEY, writeKeys } from "@postern/testkit";
import { DocumentedPage } from "./documented-page.ts";

const METRICS_TOKEN = "metrics-token-of-the-tests";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/team.md", [
    ["tokens", "toml", /^jwks_url = /m],
    ["limits", "toml", /^max_tunnels = /m],
    ["traffic", "toml", /^max_bandwidth_per_tunnel = /m],
    ["metrics", "toml", /^metrics_token = /m],
  ]);
});

/** Writes a configuration next to a key file and returns its path. */
function configuration(text: string): string {
  const folder = scratchFolder(onTestFinished);
  writeKeys(join(folder, "keys.txt"), { me: TEST_KEY });
  const file = join(folder, "server.toml");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test("all examples together are a valid configuration", async () => {
  const examples = ["tokens", "limits", "traffic", "metrics"].map((name) => page.example(name));
  const args = ["config", "check", "--config", configuration(examples.join("\n"))];
  const check = postern(onTestFinished, args, { env: { METRICS_TOKEN } });
  await check.ends(0);
  expect(check.output).not.toContain("warning");
});

test("limits and metrics apply", async () => {
  const port = await claimPort();
  const text = [
    page.example("limits", { "[tunnel.server]": `[tunnel.server]\nlisten = "127.0.0.1:${port}"` }),
    page.example("metrics"),
    '[tunnel.server.auth]\napi_keys_file = "keys.txt"',
  ].join("\n");
  const args = ["server", "--config", configuration(text)];
  const server = postern(onTestFinished, args, { env: { METRICS_TOKEN } });
  const metrics = (headers = {}): Promise<{ status: number }> =>
    exchange(port, { host: "localhost", path: "/metrics", headers });
  await server.waitFor("the metrics", async () => {
    const { status } = await metrics({ Authorization: `Bearer ${METRICS_TOKEN}` });
    return status === 200;
  });
  expect((await metrics()).status).not.toBe(200);
  const name = (subdomain: string): string[] => ["--server", `http://127.0.0.1:${port}`, "--subdomain", subdomain];
  const env = { POSTERN_API_KEY: TEST_KEY };
  await postern(onTestFinished, ["http", "9", ...name("payments")], { env }).ends(2);
  await postern(onTestFinished, ["http", "9", ...name("ab")], { env }).ends(2);
});
