import { expect, onTestFinished, test } from "vitest";
import { ClientProcess, ServerProcess, startEchoOrigin, SteadyVisitor, until } from "@postern/testkit";
import { CuttableLink } from "./cuttable-link.ts";

test("a tunnel with three sessions serves every request while its sessions break one by one, and has three again", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const link = await CuttableLink.start(onTestFinished, server.port);
  const client = await ClientProcess.start(onTestFinished, {
    server: link,
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
    link.cutOne();
    await until("the server to notice", () =>
      /client (session ended|disconnected)/.test(server.program.output.slice(log)),
    );
    await steady.moreServed();
    await until("another session in its place", () => logins() > before);
  }
  await steady.stopAndCheck();
  expect([client.count("tunnel_established"), client.count("tunnel_closed")]).toEqual([1, 0]);
});

test("another client of the same owner takes the name from all sessions of the first client", async () => {
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
