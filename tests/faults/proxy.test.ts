import { expect, onTestFinished, test } from "vitest";
import { ClientProcess, ConnectProxy, exchange, ServerProcess, startEchoOrigin, until } from "@postern/testkit";
import { ClosingCheck } from "./neighbour.ts";
import { finding, secondsSince } from "./size.ts";

const CREDENTIALS = "me:a-secret-of-the-proxy";

test("a proxy with credentials breaks every connection, stops, and returns: the tunnel recovers each time", async (context) => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const proxy = await ConnectProxy.start(onTestFinished, { port: server.port, credentials: CREDENTIALS });
  const client = await ClientProcess.start(onTestFinished, {
    server,
    target: echo.port,
    subdomain: "behind-a-proxy",
    env: { POSTERN_PROXY: `http://${CREDENTIALS}@127.0.0.1:${proxy.port}` },
  });
  const visit = async (): Promise<number> =>
    (await exchange(server.port, { host: client.host, method: "POST", path: "/" })).status;
  expect(await visit()).toBe(200);
  const check = await ClosingCheck.begin(onTestFinished, server, server.program, client.program);

  proxy.drop();
  const torn = performance.now();
  await until("the tunnel to be back", () => client.count("tunnel_established") === 2);
  finding(context, `every connection broken: tunnel back after ${secondsSince(torn)}`);
  expect(await visit()).toBe(200);

  await proxy.close();
  await until("another attempt of the client", () => client.count("connection_failure") >= 2);
  const { data } = await client.event("connection_failure");
  expect(data).toMatchObject({ code: "PN_PROXY_UNREACHABLE", retryable: true });
  const back = performance.now();
  const next = await ConnectProxy.start(onTestFinished, {
    listen: proxy.port,
    port: server.port,
    credentials: CREDENTIALS,
  });
  await until("the tunnel to be back", () => client.count("tunnel_established") === 3);
  finding(context, `stopped: tunnel back ${secondsSince(back)} after the proxy`);
  expect(await visit()).toBe(200);
  expect(next.asked.length).toBeGreaterThan(0);
  expect(client.program.output).not.toContain("a-secret-of-the-proxy");
  await check.pass();
});
