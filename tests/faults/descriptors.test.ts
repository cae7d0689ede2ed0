import { expect, onTestFinished, test } from "vitest";
import { exchange, Published, ServerProcess, startEchoOrigin, until, Wire } from "@postern/testkit";
import { ClosingCheck } from "./neighbour.ts";
import { finding } from "./size.ts";

/** Runs a command with at most 64 open files and sockets. */
const FEW_DESCRIPTORS = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"];
const CROWD = 200;

test("a server with 64 file descriptors survives a surge of visitors and serves requests after it", async (context) => {
  const server = await ServerProcess.start(onTestFinished, { prefix: FEW_DESCRIPTORS });
  const echo = await startEchoOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, echo.port, { server, subdomain: "narrow" });
  const { client } = published;
  const check = await ClosingCheck.begin(onTestFinished, undefined, server.program, client.program);
  const crowd = await Promise.allSettled(
    Array.from({ length: CROWD }, async () => {
      const wire = await Wire.dial(onTestFinished, server.port);
      wire.write("GET / HTTP/1.1\r\nHost: narrow.localhost\r\nX-Half");
      return wire;
    }),
  );
  const wires = crowd.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  finding(context, `${CROWD} visitors at once, ${wires.length} were accepted or waited in the backlog`);
  expect(server.program.exit).toBeUndefined();
  for (const wire of wires) wire.reset();
  await until("the tunnel to serve", async () => (await published.visit("/")).status === 200, { timeout: 60_000 });
  expect(client.count("tunnel_closed")).toBe(0);
  await check.pass();
});

test("a client with 64 file descriptors refuses excess requests, keeps its tunnel, and serves later visitors", async (context) => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, echo.port, { server, prefix: FEW_DESCRIPTORS });
  const { client } = published;
  const check = await ClosingCheck.begin(onTestFinished, server, server.program, client.program);
  const body = Buffer.alloc(1_000, "x");
  const responses = await Promise.all(
    Array.from({ length: CROWD }, () =>
      exchange(published.port, { host: published.host, method: "POST", path: "/", body }).then(({ status }) => status),
    ),
  );
  const served = responses.filter((status) => status === 200).length;
  finding(context, `${CROWD} requests at once: ${served} served, ${CROWD - served} refused`);
  for (const status of responses) expect([200, 502, 503]).toContain(status);
  expect(served).toBeGreaterThan(0);
  expect((await published.visit("/")).status).toBe(200);
  expect(client.count("tunnel_closed")).toBe(0);
  await check.pass();
});
