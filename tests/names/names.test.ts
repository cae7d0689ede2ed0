import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  ClientProcess,
  exchange,
  Origin,
  Published,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  StartProcess,
  type Exchange,
} from "@postern/testkit";

const ANN = "key-of-ann-0123456789abcdef";
const BEN = "key-of-ben-0123456789abcdef";

const cleanup = new Cleanup();
let server: ServerProcess;
let origin: Origin;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer, { keys: { ann: ANN, ben: BEN } });
  origin = await startEchoOrigin(cleanup.defer);
});
afterAll(() => cleanup.run());

const publish = (key: string, subdomain?: string): Promise<Published> =>
  Published.start(onTestFinished, origin.port, { server, key, ...(subdomain === undefined ? {} : { subdomain }) });

const visit = (name: string): Promise<Exchange> => exchange(server.port, { host: `${name}.localhost:${server.port}` });

/** Starts a client that requests this name, and returns its exit code, error code and error output. */
async function refusal(
  key: string,
  subdomain: string,
): Promise<{ exit: number | null; code: unknown; stderr: string }> {
  const client = ClientProcess.launch(onTestFinished, { server, target: origin.port, key, subdomain });
  const { code } = await client.program.exited;
  return {
    exit: code,
    code: client.events.findLast(({ type }) => type === "error")?.data["code"],
    stderr: client.program.stderr,
  };
}

test("a requested name is granted", async () => {
  const { client } = await publish(ANN, "requested-1");
  expect(client.url.href).toBe(`http://requested-1.localhost:${server.port}/`);
  expect((await visit("requested-1")).status).toBe(200);
});

test("without a requested name each client receives its own pronounceable name", async () => {
  const names = (await Promise.all([publish(ANN), publish(ANN), publish(BEN)])).map(
    ({ client }) => client.url.hostname,
  );
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^([b-z][aeiou])+(-([b-z][aeiou])+)+\.localhost$/);
});

test.for(["www", "api", "admin", "connect", "health"])("the name %s is reserved", async (name) => {
  expect(await refusal(ANN, name)).toMatchObject({ exit: 2, code: "PN_NAME_RESERVED" });
});

test.for(["-dash", "under_score", "x".repeat(64), "two.labels"])(
  "the invalid name %s is refused without a connection",
  async (name) => {
    expect(await refusal(ANN, name)).toMatchObject({ exit: 2, code: "PN_CONFIG_INVALID" });
  },
);

test("a punycode name is refused by the server", async () => {
  expect(await refusal(ANN, "xn--80ak6aa92e")).toMatchObject({ exit: 2, code: "PN_NAME_INVALID" });
});

test("another owner's name is refused and still works for its owner", async () => {
  await publish(ANN, "anns-place");
  expect(await refusal(BEN, "anns-place")).toMatchObject({
    exit: 2,
    code: "PN_NAME_TAKEN",
    stderr: expect.stringContaining("PN_NAME_TAKEN") as string,
  });
  expect((await visit("anns-place")).status).toBe(200);
});

test("an owner's second client takes the name, and the first client ends without taking it back", async () => {
  const { client: first } = await publish(ANN, "moving");
  const other = await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("the second"));
  await Published.start(onTestFinished, other.port, { server, key: ANN, subdomain: "moving" });
  expect((await visit("moving")).body.toString()).toBe("the second");
  await first.program.ends(1);
  expect(first.program.stderr).toContain("PN_NAME_TAKEN_OVER");
  expect((await visit("moving")).body.toString()).toBe("the second");
});

test("visitors get the same 404 for a free name, a reserved name and a foreign domain", async () => {
  const responseFor = async (host: string): Promise<unknown> => {
    const { status, headers, body } = await exchange(server.port, { host });
    const id = headers["x-request-id"];
    return [status, headers["postern-error"], body.toString().replaceAll(typeof id === "string" ? id : "no id", "")];
  };
  const free = await responseFor(`nobody-here.localhost:${server.port}`);
  expect(free).toEqual([404, "PN_TUNNEL_UNKNOWN", expect.stringContaining("No service is shared")]);
  expect(await responseFor(`www.localhost:${server.port}`)).toEqual(free);
  expect(await responseFor(`a.b.localhost:${server.port}`)).toEqual(free);
  expect(await responseFor("example.com")).toEqual(free);
});

test("the base domain is the server itself and never a tunnel", async () => {
  const health = await exchange(server.port, { host: `localhost:${server.port}`, path: "/health" });
  expect([health.status, JSON.parse(health.body.toString())]).toEqual([200, { status: "ok" }]);
  await publish(ANN, "has-health");
  const tunnels = await exchange(server.port, { host: `has-health.localhost:${server.port}`, path: "/health" });
  expect(JSON.parse(tunnels.body.toString())).toMatchObject({ method: "GET", url: "/health" });
});

test("while its client is disconnected, a name responds 503 with Retry-After and is reserved; afterwards it works again", async () => {
  const { client } = await publish(ANN, "coming-back");
  await client.program.kill();
  const away = await client.program.exited.then(() => visitUntilAway());
  expect([away.headers["postern-error"], Number(away.headers["retry-after"])]).toEqual([
    "PN_TUNNEL_AWAY",
    expect.any(Number),
  ]);
  expect(Number(away.headers["retry-after"])).toBeGreaterThan(0);
  expect(await refusal(BEN, "coming-back")).toMatchObject({ exit: 2, code: "PN_NAME_TAKEN" });
  await publish(ANN, "coming-back");
  expect((await visit("coming-back")).status).toBe(200);

  /**
   * Visits until the response is 503. The server may detect the killed client's closed connection only after some
   * visits.
   */
  async function visitUntilAway(): Promise<Exchange> {
    for (;;) {
      const response = await visit("coming-back");
      if (response.status === 503) return response;
      expect([200, 502]).toContain(response.status);
    }
  }
});

test("a name whose client has stopped is offline, without a time to retry, and still reserved for its owner", async () => {
  const { client } = await publish(ANN, "stopped");
  await client.program.terminate();
  const { status, headers } = await visit("stopped");
  expect([status, headers["postern-error"], headers["retry-after"]]).toEqual([503, "PN_TUNNEL_OFFLINE", undefined]);
  expect(await refusal(BEN, "stopped")).toMatchObject({ exit: 2, code: "PN_NAME_TAKEN" });
});

test("with offline_status = 404, a name without a client is not told apart from a free one, and still reserved", async () => {
  const start = StartProcess.launch(
    onTestFinished,
    `[[tunnel.endpoints]]\nserver_url = "${server.url}"\nsubdomain = "private"\nlocal = ${origin.port}\noffline_status = 404\n`,
    { POSTERN_API_KEY: ANN },
  );
  await start.tunnel("private");
  expect((await visit("private")).status).toBe(200);
  await start.program.terminate();
  const { status, headers } = await visit("private");
  expect([status, headers["postern-error"]]).toEqual([404, "PN_TUNNEL_UNKNOWN"]);
  expect(await refusal(BEN, "private")).toMatchObject({ exit: 2, code: "PN_NAME_TAKEN" });
});

test("the operator's rules: other reserved names, the length of names, and the sessions of an owner", async () => {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  const rules = `[tunnel.server]
reserved_subdomains = ["mine"]
[tunnel.server.security]
min_subdomain_length = 3
max_subdomain_length = 20
[tunnel.server.limits]
max_sessions = 2
`;
  writeFileSync(file, rules, { mode: 0o600 });
  const strict = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
  const launch = (subdomain: string): ClientProcess =>
    ClientProcess.launch(onTestFinished, { server: strict, target: origin.port, subdomain });

  const reserved = launch("mine");
  await reserved.program.ends(2);
  expect(reserved.program.stderr).toContain("PN_NAME_RESERVED");
  const short = launch("ab");
  await short.program.ends(2);
  expect(short.program.stderr).toMatch(/PN_NAME_INVALID[^]*this server accepts names of 3 to 20 characters/);

  // A name of the default list, which the operator replaced.
  await launch("www").event("tunnel_established");
  await launch("www2").event("tunnel_established");
  const failure = await launch("www3").event("connection_failure");
  expect(failure.data).toMatchObject({ code: "PN_OWNER_SESSION_LIMIT", retryable: true });
});
