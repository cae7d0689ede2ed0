import { beforeEach, expect, onTestFinished, test } from "vitest";
import { ClientProcess, needs, needsRoot, NetworkNamespace, ServerProcess, until } from "@postern/testkit";
import { ClosingCheck } from "./neighbour.ts";
import { NameServer } from "./name-server.ts";
import { finding, secondsSince } from "./size.ts";

beforeEach((context) => {
  needs(context, "ip", "nft");
  needsRoot(context);
});

/** An unused address. */
const DEAD = "198.18.255.254";

test("the client reconnects when its name server fails and recovers, returns a dead address first, or returns another server", async (context) => {
  const namespace = NetworkNamespace.create(onTestFinished);
  const { host } = namespace;
  const names = await NameServer.start(onTestFinished, host);
  namespace.useNameServer(host);
  const first = await ServerProcess.start(onTestFinished, { host: "0.0.0.0", domain: "tunnel.test" });
  const client = ClientProcess.launch(onTestFinished, {
    server: { url: `http://tunnel.test:${first.port}` },
    target: 8000,
    subdomain: "followed",
    prefix: namespace.prefix,
    env: { POSTERN_TUNNEL_RECONNECTION_MAX_DELAY: "2" },
  });
  for (const answer of ["failure", "no such name"] as const) {
    names.answer = answer;
    const failures = client.count("connection_failure");
    await until(`a failure that reports it (${answer})`, () => client.count("connection_failure") > failures + 1, {
      timeout: 60_000,
    });
    const { data } = client.events.findLast(({ type }) => type === "connection_failure")!;
    expect(data).toMatchObject({ code: "PN_SERVER_UNREACHABLE", retryable: true });
  }

  names.answer = [host];
  let start = performance.now();
  await client.event("tunnel_established");
  finding(context, `connected ${secondsSince(start)} after the name server recovered`);
  const check = await ClosingCheck.begin(onTestFinished, first, client.program, first.program);
  await check.pass();

  names.answer = [DEAD, host];
  await first.program.kill();
  await first.restart();
  start = performance.now();
  await client.event("tunnel_established", 2);
  finding(context, `with a dead address first: back ${secondsSince(start)} after the server`);

  const questions = names.asked;
  names.answer = [DEAD];
  await first.program.kill();
  await until("the client to ask again", () => names.asked > questions);
  names.answer = [host];
  await first.restart();
  start = performance.now();
  await client.event("tunnel_established", 3);
  finding(context, `with another server: back ${secondsSince(start)} after the server`);
  expect(client.url.hostname).toBe("followed.tunnel.test");
});
