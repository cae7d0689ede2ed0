import { expect, onTestFinished, test } from "vitest";
import { ClientProcess, ServerProcess, startEchoOrigin, SteadyVisitor, until } from "@postern/testkit";
import { CuttableWay } from "./cuttable-way.ts";

test("a tunnel with three sessions serves every request while one after the other is torn, and has three again", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const way = await CuttableWay.start(onTestFinished, server.port);
  const client = await ClientProcess.start(onTestFinished, {
    server: way,
    target: echo.port,
    subdomain: "threefold",
    env: { POSTERN_TUNNEL_ENDPOINT_CONNECTIONS: "3" },
  });
  const logins = (): number => client.count("authentication_success");
  await until("three sessions", () => logins() === 3);
  const steady = await SteadyVisitor.start(onTestFinished, server.port, client.host);
  for (let time = 1; time <= 6; time++) {
    const before = logins();
    const log = server.program.output.length;
    way.cutOne();
    await until("the server to notice", () => /client (dropped|left)/.test(server.program.output.slice(log)));
    await steady.moreServed();
    await until("another session in its place", () => logins() > before);
  }
  await steady.everyTime();
  expect([client.count("tunnel_established"), client.count("tunnel_closed")]).toEqual([1, 0]);
});

test("another client of the same owner takes the name over from all sessions of the first", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const options = {
    server,
    target: echo.port,
    subdomain: "wanted",
    env: { POSTERN_TUNNEL_ENDPOINT_CONNECTIONS: "2" },
  };
  const first = await ClientProcess.start(onTestFinished, options);
  await until("two sessions", () => first.count("authentication_success") === 2);
  const second = await ClientProcess.start(onTestFinished, options);
  await first.program.exited;
  expect(first.program.stderr).toContain("PN_NAME_TAKEN_OVER");
  await until("two sessions", () => second.count("authentication_success") === 2);
  expect(second.program.exit).toBeUndefined();
});
