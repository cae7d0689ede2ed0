import { beforeEach, expect, test } from "vitest";
import {
  claimPort,
  ClientProcess,
  needs,
  needsRoot,
  NetworkNamespace,
  Origin,
  Program,
  ServerProcess,
  StartProcess,
  SteadyVisitor,
  TEST_KEY,
  until,
  exchange,
} from "@postern/testkit";
import { finding, secondsSince } from "./size.ts";

/** The time limit for detecting a dead link, in milliseconds, with a margin for a busy machine. */
const NOTICED = 30_000 + 15_000;
const VISITORS = 4;
const LOCAL = "from the local target";
const TUNNELLED = `
  require("node:http").createServer((_, outgoing) => outgoing.end("from the tunnel")).listen(8000, "127.0.0.1");
`;

beforeEach((context) => {
  needs(context, "ip", "nft");
  needsRoot(context);
});

/** Waits until every visitor is served again. Throws if `output` occurs in the program's output before that. */
async function servedBefore(output: string, program: Program, visitors: readonly SteadyVisitor[]): Promise<void> {
  await Promise.all(visitors.map((visitor) => visitor.moreServed()));
  expect(program.output).not.toContain(output);
}

test("a gateway with a local target and a tunnel whose link loses every packet: no idempotent request fails", async (context) => {
  const { onTestFinished: defer } = context;
  const namespace = NetworkNamespace.create(defer);
  const local = await Origin.start(defer, (incoming, outgoing) => {
    incoming.resume().on("end", () => outgoing.end(LOCAL));
  });
  const port = await claimPort();
  const start = StartProcess.launch(
    defer,
    `[server]
listen = "127.0.0.1:0"
request_timeout = "60s"
[tunnel.server]
enabled = true
listen = "0.0.0.0:${port}"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[[proxy]]
path = "/*"
targets = ["http://127.0.0.1:${local.port}", "tunnel://web"]
`,
  );
  const gateway = await start.gatewayPort();
  // The service of the tunnel runs in the client's namespace, where the server cannot reach it.
  const [ip = "", ...within] = namespace.prefix;
  new Program(defer, ip, { args: [...within, process.execPath, "-e", TUNNELLED] });
  await ClientProcess.start(defer, {
    server: { url: `http://${namespace.host}:${port}` },
    target: 8000,
    subdomain: "web",
    prefix: namespace.prefix,
  });
  const visit = async (): Promise<string> => String((await exchange(gateway, { host: "a.example", path: "/" })).body);
  await until("the tunnel to be used", async () => (await visit()) === "from the tunnel");

  const visitors = await Promise.all(
    Array.from({ length: VISITORS }, () => SteadyVisitor.start(defer, gateway, "a.example")),
  );
  namespace.cut("in both directions");
  const cutAt = performance.now();
  await servedBefore("client session ended", start.program, visitors);
  finding(context, `waiting requests were served after ${secondsSince(cutAt)}`);
  await until("the server to notice", () => start.program.output.includes("client session ended"), {
    timeout: NOTICED,
  });
  finding(context, `the tunnel's session ended after ${secondsSince(cutAt)}`);
  for (let n = 0; n < 6; n++) expect(await visit()).toBe(LOCAL);
  for (const visitor of visitors) await visitor.stopAndCheck();
  namespace.heal();
  await until("the tunnel to be used again", async () => (await visit()) !== LOCAL, { timeout: 60_000 });
});

test("a group one of whose clients loses every packet: requests that wait for it go to the other one", async (context) => {
  const { onTestFinished: defer } = context;
  const namespace = NetworkNamespace.create(defer);
  const local = await Origin.start(defer, (incoming, outgoing) => {
    incoming.resume().on("end", () => outgoing.end(LOCAL));
  });
  const server = await ServerProcess.start(defer, { host: "0.0.0.0" });
  const [ip = "", ...within] = namespace.prefix;
  new Program(defer, ip, { args: [...within, process.execPath, "-e", TUNNELLED] });
  const group = { subdomain: "web", args: ["--join"] };
  await ClientProcess.start(defer, {
    server: { url: `http://${namespace.host}:${server.port}` },
    target: 8000,
    prefix: namespace.prefix,
    ...group,
  });
  await ClientProcess.start(defer, { server, target: local.port, ...group });
  const visit = async (): Promise<string> => String((await exchange(server.port, { host: "web.localhost" })).body);
  for (const body of ["from the tunnel", LOCAL])
    await until("both clients to be used", async () => (await visit()) === body);

  const visitors = await Promise.all(
    Array.from({ length: VISITORS }, () => SteadyVisitor.start(defer, server.port, "web.localhost")),
  );
  namespace.cut("in both directions");
  const cutAt = performance.now();
  await servedBefore("client session ended", server.program, visitors);
  finding(context, `waiting requests were served after ${secondsSince(cutAt)}`);
  for (let n = 0; n < 6; n++) expect(await visit()).toBe(LOCAL);
  for (const visitor of visitors) await visitor.stopAndCheck();
});
