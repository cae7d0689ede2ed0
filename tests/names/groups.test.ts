import { Agent, request } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  ClientProcess,
  Cleanup,
  exchange,
  Origin,
  ServerProcess,
  TEST_KEY,
  until,
  type Exchange,
} from "@postern/testkit";
import { startOldServer } from "../old-server.ts";

const OTHER_KEY = "key-of-another-owner-0123456789";
/** Requests that a load has in progress. */
const LOAD = 8;

const cleanup = new Cleanup();
let server: ServerProcess;
let names = 0;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer, { keys: { tests: TEST_KEY, other: OTHER_KEY } });
});
afterAll(() => cleanup.run());

/** A service that answers with its name, or as `listener` does. */
function service(name: string, fail?: Parameters<typeof Origin.start>[1]): Promise<Origin> {
  return Origin.start(onTestFinished, (incoming, outgoing) =>
    fail === undefined ? void incoming.resume().on("end", () => outgoing.end(name)) : fail(incoming, outgoing),
  );
}

interface Place {
  subdomain: string;
  /** Starts a client that joins, and waits for its tunnel. */
  join: (target: Origin | number, ...args: string[]) => Promise<ClientProcess>;
  visit: (method?: string) => Promise<Exchange>;
}

/** A name that no other test uses. */
function place(at = server): Place {
  const subdomain = `group-${++names}`;
  return {
    subdomain,
    join: (target, ...args) =>
      ClientProcess.start(onTestFinished, {
        server: at,
        target: typeof target === "number" ? target : target.port,
        subdomain,
        args: ["--join", ...args],
      }),
    visit: (method = "GET") => exchange(at.port, { host: `${subdomain}.localhost`, method }),
  };
}

/** Keeps LOAD requests in progress until `stop`, each on a connection that is kept. Counts the responses by body. */
class Load {
  readonly served = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #host: string;
  readonly #loops: Promise<void>[];
  #isOver = false;

  constructor(host: string) {
    this.#host = host;
    this.#loops = Array.from({ length: LOAD }, () => this.#loop());
    onTestFinished(() => this.stop());
  }

  get total(): number {
    return [...this.served.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Waits until this many more requests have been served. */
  async more(count: number): Promise<void> {
    const before = this.total;
    await until(`${count} more requests to be served`, () => this.total >= before + count, {
      details: () => this.failures.join("\n"),
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      const { status, body } = await this.#visit();
      if (status === 200) this.served.set(body, (this.served.get(body) ?? 0) + 1);
      else this.failures.push(`${status}: ${body}`);
    }
  }

  #visit(): Promise<{ status: number | undefined; body: string }> {
    return new Promise((resolve) => {
      const options = { host: "127.0.0.1", port: server.port, headers: { Host: this.#host }, agent: this.#agent };
      const outgoing = request(options, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("close", () => resolve({ status: response.complete ? response.statusCode : 0, body }));
      });
      outgoing.on("error", (error) => resolve({ status: undefined, body: String(error) }));
      outgoing.end();
    });
  }
}

test("two of three clients are killed and return under load: no idempotent request fails, and both are used again", async () => {
  const { join, subdomain } = place();
  const bodies = ["a", "b", "c"];
  const services = await Promise.all(bodies.map((body) => service(body)));
  const clients = [];
  for (const each of services) clients.push(await join(each));
  expect((await clients[2]!.event("tunnel_established")).data["members"]).toBe(3);

  const load = new Load(`${subdomain}.localhost`);
  await load.more(500);
  expect([...load.served.keys()].toSorted()).toEqual(bodies);
  for (const client of clients.slice(0, 2)) process.kill(client.pid, "SIGKILL");
  await Promise.all(clients.slice(0, 2).map(({ program }) => program.exited));
  await load.more(500);

  for (const body of ["a", "b"]) load.served.delete(body);
  await Promise.all(services.slice(0, 2).map((each) => join(each)));
  await until("both to be used again", () => load.served.has("a") && load.served.has("b"));
  await load.more(500);
  await load.stop();
  expect(load.failures).toEqual([]);
});

describe("a client that answers pings", () => {
  test("but resets all requests costs no idempotent one, and gets no more of them", async () => {
    const { join, visit } = place();
    const lying = await service("", (incoming) => incoming.socket.resetAndDestroy());
    await join(lying);
    await join(await service("good"));
    for (let n = 0; n < 40; n++) expect(await visit()).toMatchObject({ status: 200, body: Buffer.from("good") });
    expect(lying.requests.length).toBeLessThanOrEqual(5);
    await server.program.waitFor("the log of it", () => server.program.output.includes("fails requests"));
  });

  test("but responds to all requests with 503 gets five of them in a row, and then none", async () => {
    const { join, visit } = place();
    const lying = await service("", (_, outgoing) => outgoing.writeHead(503).end());
    await join(lying);
    await join(await service("good"));
    const statuses = [];
    for (let n = 0; n < 40; n++) statuses.push((await visit()).status);
    expect(statuses.filter((status) => status !== 200)).toEqual([503, 503, 503, 503, 503]);
  });

  test("but whose service is not running costs no request at all", async () => {
    const { join, visit } = place();
    const stopped = await service("stopped");
    await join(stopped);
    await join(await service("good"));
    await stopped.close();
    for (const method of ["GET", "POST", "GET", "POST", "POST", "POST"])
      expect(await visit(method)).toMatchObject({ status: 200, body: Buffer.from("good") });
  });
});

test("requests are distributed by weight, and a client with the weight 0 gets none", async () => {
  const { join, visit } = place();
  await join(await service("none"), "--weight", "0");
  expect(await visit()).toMatchObject({ status: 503, headers: { "postern-error": "PN_TUNNEL_OFFLINE" } });
  await join(await service("all"));
  for (let n = 0; n < 6; n++) expect(String((await visit()).body)).toBe("all");
});

test("a client that does not join takes the name from the whole group, whose clients end with an explanation", async () => {
  const { join, subdomain, visit } = place();
  const members = [await join(await service("a")), await join(await service("b"))];
  const target = (await service("new")).port;
  await ClientProcess.start(onTestFinished, { server, target, subdomain });
  for (const { program, events } of members) {
    expect((await program.exited).code).toBe(1);
    expect(program.output + JSON.stringify(events)).toContain("--join");
  }
  for (let n = 0; n < 4; n++) expect(String((await visit()).body)).toBe("new");
});

test("a client of another owner cannot join", async () => {
  const { join, subdomain } = place();
  await join(await service("a"));
  const args = ["--join"];
  const stranger = ClientProcess.launch(onTestFinished, { server, target: 9, subdomain, key: OTHER_KEY, args });
  expect((await stranger.program.exited).code).toBe(2);
  expect(stranger.events.findLast(({ type }) => type === "error")?.data).toMatchObject({ code: "PN_NAME_TAKEN" });
});

test("where the operator forbids groups, a client that joins is refused, and told what to do", async () => {
  const env = { POSTERN_TUNNEL_SERVER_BALANCING_MAY_JOIN: "no" };
  const strict = await ServerProcess.start(onTestFinished, { env });
  const client = ClientProcess.launch(onTestFinished, {
    server: strict,
    target: 9,
    subdomain: "web",
    args: ["--join"],
  });
  expect((await client.program.exited).code).toBe(2);
  const error = client.events.findLast(({ type }) => type === "error");
  expect(error).toMatchObject({ data: { code: "PN_JOIN_FORBIDDEN" } });
  expect(error?.message).toContain("without --join");
});

test("a client asks for the strategy of its group, and its status shows it, with the clients that there are now", async () => {
  const env = { POSTERN_TUNNEL_SERVER_BALANCING_ALLOWED_STRATEGIES: "first,least_time" };
  const choosy = await ServerProcess.start(onTestFinished, { env });
  const { join, subdomain, visit } = place(choosy);
  const first = await join(await service("first"), "--strategy", "first");
  await join(await service("second"));
  // It is suspect until it has answered the ping that the second client caused.
  await until("the first client to be used", async () => String((await visit()).body) === "first");
  for (let n = 0; n < 6; n++) expect(String((await visit()).body)).toBe("first");
  const group = (): unknown => first.events.findLast(({ data }) => "group" in data)?.data["group"];
  await until("the first client to know the second", () => group() !== undefined);
  expect(group()).toEqual({ members: 2, strategy: "first" });

  const target = (await service("third")).port;
  const refused = async (strategy: string): Promise<unknown> => {
    const args = ["--join", "--strategy", strategy];
    const client = ClientProcess.launch(onTestFinished, { server: choosy, target, subdomain, args });
    expect((await client.program.exited).code).toBe(2);
    return client.events.findLast(({ type }) => type === "error");
  };
  const forbidden = { data: { code: "PN_STRATEGY_FORBIDDEN" } };
  expect(await refused("random")).toMatchObject(forbidden);
  const conflict = await refused("least_time");
  expect(conflict).toMatchObject({ data: { code: "PN_STRATEGY_CONFLICT" } });
  expect(JSON.stringify(conflict)).toContain("they use first");
});

test("at a server of an earlier version, a client that wants to join ends before it could take over the name", async () => {
  const old = await startOldServer();
  const client = ClientProcess.launch(onTestFinished, { server: old, target: 9, subdomain: "web", args: ["--join"] });
  expect((await client.program.exited).code).toBe(1);
  expect(old.hello()?.features).toContain("groups");
  expect(old.binds()).toBe(0);
  const error = client.events.findLast(({ type }) => type === "error");
  expect(error).toMatchObject({ data: { code: "PN_UNSUPPORTED" } });
  expect(error?.message).toContain("too old for --join");
});

test("visitors stay with a client by a cookie, and sessions of one client share its requests", async () => {
  const env = { POSTERN_TUNNEL_SERVER_BALANCING_STICKY_SESSIONS: "cookie" };
  const sticky = await ServerProcess.start(onTestFinished, { env });
  const { join, subdomain } = place(sticky);
  for (const name of ["a", "b", "c"]) await join(await service(name));
  const host = `${subdomain}.localhost`;
  const first = await exchange(sticky.port, { host });
  const [cookie = ""] = String(first.headers["set-cookie"]).split(";");
  expect(cookie).toMatch(/^postern_target=/);
  for (let n = 0; n < 6; n++) {
    const { body, headers } = await exchange(sticky.port, { host, headers: { cookie } });
    expect([String(body), headers["set-cookie"]]).toEqual([String(first.body), undefined]);
  }
});
