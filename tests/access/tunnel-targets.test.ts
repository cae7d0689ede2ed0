import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  exchange,
  Origin,
  scratchFolder,
  ServerProcess,
  StartProcess,
  TEST_KEY,
  until,
} from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";

const service = (): Promise<Origin> => Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));

test("a route of a gateway is no way around the policy of the tunnel that is its target", async () => {
  const [port, gateway, origin, local] = [await claimPort(), await claimPort(), await service(), await service()];
  const configuration = (access: string): string => `
[server]
listen = "127.0.0.1:${gateway}"
[tunnel]
enabled = true
[[tunnel.endpoints]]
server_url = "http://127.0.0.1:${port}"
subdomain = "web"
local = ${origin.port}
${access}
[tunnel.server]
enabled = true
listen = "127.0.0.1:${port}"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[[proxy]]
path = "/tunnel/*"
target = "tunnel://web"
[[proxy]]
path = "/pool/*"
targets = ["http://127.0.0.1:${local.port}", "tunnel://web"]
[[proxy]]
path = "/local/*"
target = "http://127.0.0.1:${local.port}"
`;
  const start = StartProcess.launch(onTestFinished, configuration('access.deny_ips = ["127.0.0.2"]'));
  await start.tunnel("web");
  const ask = async (path: string, from: string): Promise<number> =>
    (await exchange(gateway, { host: "a", path, from })).status;
  await until("the gateway", async () => (await ask("/local/", "127.0.0.1").catch(() => 0)) === 200);
  for (const path of ["/tunnel/", "/pool/", "/pool/"]) {
    expect([path, await ask(path, "127.0.0.2")]).toEqual([path, 403]);
    expect([path, await ask(path, "127.0.0.1")]).toEqual([path, 200]);
  }
  expect(await ask("/local/", "127.0.0.2")).toBe(200);
  expect(origin.requests.some(({ headers }) => headers["x-forwarded-for"] === "127.0.0.2")).toBe(false);
  // The policy changes with the tunnel.
  start.replace(configuration('access.deny_ips = ["127.0.0.3"]'));
  await until("the new policy", async () => (await ask("/tunnel/", "127.0.0.3")) === 403);
  expect(await ask("/tunnel/", "127.0.0.2")).toBe(200);
});

test("a client that knows no policies gets those of the server for all tunnels, and its probes arrive", async () => {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, '[tunnel.server.policies.always]\nallow_ips = ["192.0.2.1"]\n', { mode: 0o600 });
  const server = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
  const client = await ScriptedClient.start(onTestFinished, { port: server.port, subdomain: "older", body: "origin" });
  const ask = async (headers: Record<string, string>): Promise<number> =>
    (await exchange(server.port, { host: "older.localhost", headers })).status;
  expect(await ask({})).toBe(403);
  expect([client.requests, client.session.streams]).toEqual([0, 0]);
  const nonce = randomBytes(16).toString("hex");
  const proof = createHmac("sha256", client.bound.tunnel_id).update(nonce).digest("hex");
  expect(await ask({ "postern-probe": `${nonce}.${proof}` })).toBe(200);
  expect(client.probes).toBe(1);
});
