import { expect, onTestFinished, test } from "vitest";
import { ERRORS } from "@postern/protocol";
import { ClientProcess, ServerProcess } from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";
import { startOldServer } from "../old-server.ts";

test("a new client understands the limit of an old server", async () => {
  const server = await startOldServer();
  const client = ClientProcess.launch(onTestFinished, { server, target: 9, subdomain: "shop" });
  const { code } = await client.program.exited;
  expect(server.hello()?.features).toContain("limit_codes");
  expect([code, client.events.findLast(({ type }) => type === "error")?.data["code"]]).toEqual([1, "PN_TUNNEL_LIMIT"]);
});

test("an old client gets PN_TUNNEL_LIMIT with the message of the limit from a new server", async () => {
  const { port } = await ServerProcess.start(onTestFinished, { env: { POSTERN_TUNNEL_SERVER_MAX_TUNNELS: "1" } });
  await ScriptedClient.start(onTestFinished, { port, subdomain: "shop" });
  const client = await ScriptedClient.dial(onTestFinished, port);
  expect(await client.received("welcome")).toMatchObject({ features: [] });
  client.bind({ subdomain: "second" });
  const { message } = ERRORS.PN_SERVER_TUNNEL_LIMIT;
  expect(await client.received("error")).toMatchObject({ bind: 1, code: "PN_TUNNEL_LIMIT", message, retryable: false });
});
