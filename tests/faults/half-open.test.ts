import { beforeEach, expect, test } from "vitest";
import {
  ClientProcess,
  needs,
  needsRoot,
  NetworkNamespace,
  ServerProcess,
  Program,
  until,
  exchange,
} from "@postern/testkit";
import { ClosingCheck } from "./neighbour.ts";
import { finding, secondsSince } from "./size.ts";

/** The time limit for detecting a dead link, in milliseconds, with a margin for a busy machine. */
const NOTICED = 30_000 + 15_000;

beforeEach((context) => {
  needs(context, "ip", "nft", "python3");
  needsRoot(context);
});

test.concurrent.for(["in both directions", "inbound", "outbound"] as const)(
  "a link that loses every packet %s: both ends detect it, and the tunnel recovers with the link",
  async (loss, context) => {
    const { onTestFinished: defer } = context;
    const namespace = NetworkNamespace.create(defer);
    const server = await ServerProcess.start(defer, { host: "0.0.0.0" });
    // The local service runs in the client's namespace, where the server cannot reach it.
    const [ip = "", ...within] = namespace.prefix;
    const local = ["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1"];
    new Program(defer, ip, { args: [...within, ...local] });
    const url = `http://${namespace.host}:${server.port}`;
    const client = await ClientProcess.start(defer, {
      server: { url },
      target: 8000,
      subdomain: "cut-off",
      prefix: namespace.prefix,
    });
    const visit = async (): Promise<number> => (await exchange(server.port, { host: client.host, path: "/" })).status;
    await until("the local service to listen", async () => (await visit()) === 200);
    const check = await ClosingCheck.begin(defer, server, server.program, client.program);

    namespace.cut(loss);
    const start = performance.now();
    await until("the server to notice", () => server.program.output.includes("client session ended"), {
      timeout: NOTICED,
    });
    finding(context, `server detected it after ${secondsSince(start)}`);
    expect(await visit()).toBe(503);
    await until("the client to notice", () => client.count("tunnel_closed") === 1, { timeout: NOTICED });
    finding(context, `client detected it within ${secondsSince(start)}`);
    namespace.heal();
    const healed = performance.now();
    await until("the tunnel to return", () => client.count("tunnel_established") === 2, { timeout: 60_000 });
    finding(context, `back ${secondsSince(healed)} after the link healed`);
    expect(client.url.hostname).toBe("cut-off.localhost");
    expect(await visit()).toBe(200);
    await check.pass();
  },
);
