import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { claimPort, exchange, Origin, StartProcess, until } from "@postern/testkit";
import { listening } from "./secure-origin.js";

/** Connections of visitors, each with one request after the other. */
const CONNECTIONS = 8;
/** Requests that are served while an origin is down, and as many after it is back: those of 2 s at 200 requests/s. */
const MANY = 400;
const ROUNDS = 3;

/** The program of an origin that answers each request with its port. */
const ORIGIN = `
  require("node:http")
    .createServer((incoming, outgoing) => incoming.resume().on("end", () => outgoing.end(process.argv[1])))
    .listen(Number(process.argv[1]), "127.0.0.1", () => console.log("ready"));
`;

/** An origin in a process of its own, which can be killed and started again. */
class KillableOrigin {
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<KillableOrigin> {
    const origin = new KillableOrigin(await claimPort());
    onTestFinished(() => void origin.#process?.kill("SIGKILL"));
    await origin.revive();
    return origin;
  }

  async revive(): Promise<void> {
    const started = spawn(process.execPath, ["-e", ORIGIN, String(this.port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = started;
    await once(started.stdout, "data");
  }

  async kill(): Promise<void> {
    const killed = this.#process!;
    killed.kill("SIGKILL");
    if (killed.exitCode === null && killed.signalCode === null) await once(killed, "exit");
  }
}

function launch(ports: readonly number[], options = ""): StartProcess {
  const targets = ports.map((port) => `"http://127.0.0.1:${port}"`).join(", ");
  const route = `[[proxy]]\npath = "/*"\ntargets = [${targets}]\n${options}\n`;
  return StartProcess.launch(onTestFinished, route, {}, ["serve", "--listen", "127.0.0.1:0"]);
}

const serve = (ports: readonly number[]): Promise<number> => launch(ports).gatewayPort();

/** Visitors that send idempotent requests without a pause, and count those that are served and those that fail. */
class Load {
  served = 0;
  readonly failures: string[] = [];
  #isOver = false;
  readonly #visits: Promise<unknown>;

  constructor(port: number) {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    onTestFinished(() => agent.destroy());
    onTestFinished(() => this.stop());
    this.#visits = Promise.all(Array.from({ length: CONNECTIONS }, (_, n) => this.#visit(port, agent, n)));
  }

  /** Waits until this many more requests have been served. */
  async more(count: number): Promise<void> {
    const before = this.served;
    await until(`${count} more requests`, () => this.served >= before + count);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#visits;
  }

  async #visit(port: number, agent: Agent, position: number): Promise<void> {
    const request = position % 2 === 0 ? { method: "GET" } : { method: "PUT", body: "12345678" };
    while (!this.#isOver) {
      try {
        const { status } = await exchange(port, { host: "a.example", agent, ...request });
        if (status === 200) this.served++;
        else this.failures.push(`${request.method}: ${status}`);
      } catch (error) {
        this.failures.push(`${request.method}: ${String(error)}`);
      }
    }
  }
}

test("targets that are killed and come back under load cost no idempotent request, and are used again", async () => {
  const origins = await Promise.all([KillableOrigin.start(), KillableOrigin.start(), KillableOrigin.start()]);
  const port = await serve(origins.map((origin) => origin.port));
  const load = new Load(port);
  const isUsed = async (origin: KillableOrigin): Promise<boolean> =>
    String((await exchange(port, { host: "a.example" })).body) === String(origin.port);
  for (let round = 0; round < ROUNDS; round++) {
    const origin = origins[round]!;
    await origin.kill();
    await load.more(MANY);
    await origin.revive();
    await until("the origin to be used again", () => isUsed(origin));
    await load.more(MANY);
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(load.served).toBeGreaterThanOrEqual(2 * ROUNDS * MANY);
});

test("targets that all reset every request get at most a quarter more requests than there are", async () => {
  let received = 0;
  const resetting = (): Promise<number> =>
    listening(
      createServer((socket) => {
        socket
          .on("error", () => {})
          .on("data", () => {
            received++;
            socket.resetAndDestroy();
          });
      }),
    );
  const port = await serve([await resetting(), await resetting(), await resetting()]);
  const statuses = new Set<number>();
  let sent = 0;
  const visit = async (): Promise<void> => {
    while (sent < 1_000) {
      sent++;
      statuses.add((await exchange(port, { host: "a.example" })).status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, visit));
  expect([...statuses]).toEqual([502]);
  expect(received).toBeLessThanOrEqual(1.25 * sent);
});

test("without a target that accepts connections, visitors get 503 with Retry-After, until one is back", async () => {
  const [first, second] = [await claimPort(), await KillableOrigin.start()];
  await second.kill();
  const port = await serve([first, second.port]);
  for (let n = 0; n < 3; n++) {
    const { status, headers, body } = await exchange(port, { host: "a.example", headers: { accept: "text/html" } });
    expect([status, headers["retry-after"], headers["postern-error"]]).toEqual([503, "1", "PN_TARGETS_DOWN"]);
    expect(String(body)).toContain("<html");
  }
  await second.revive();
  await until("the target to be used", async () => (await exchange(port, { host: "a.example" })).status === 200);
});

test("a target that fails its health checks gets no requests until it passes them; a sole one stays in use", async () => {
  const healthy = new Set<number>();
  const start = async (): Promise<Origin> => {
    const origin: Origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
      const isUp = incoming.url !== "/up" || healthy.has(origin.port);
      outgoing.writeHead(isUp ? 200 : 500).end(String(origin.port));
    });
    healthy.add(origin.port);
    return origin;
  };
  const [one, two] = [await start(), await start()];
  const checks = '[proxy.http_health]\npath = "/up"\ninterval = "100ms"\nunhealthy_threshold = 2\n';
  const process = launch([one.port, two.port], checks);
  const port = await process.gatewayPort();
  const used = async (): Promise<Set<string>> => {
    const bodies = new Set<string>();
    for (let n = 0; n < 6; n++) bodies.add(String((await exchange(port, { host: "a.example" })).body));
    return bodies;
  };
  const usedAre =
    (...origins: Origin[]) =>
    async (): Promise<boolean> => {
      const bodies = await used();
      return bodies.size === origins.length && origins.every((each) => bodies.has(String(each.port)));
    };
  await until("both targets to be used", usedAre(one, two));
  healthy.delete(one.port);
  await until("one target to be left out", usedAre(two));
  expect((await process.status("target_unhealthy")).data).toMatchObject({
    target: `127.0.0.1:${one.port}`,
    route: "/*",
    reason: "it responded with 500",
  });
  healthy.delete(two.port);
  await until("both to be used, because none is healthy", usedAre(one, two));
  healthy.add(one.port);
  await until("only the healthy one to be used", usedAre(one));
  await process.status("target_healthy");
});
