import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ClientProcess, exchange, Origin, scratchFolder, ServerProcess, StartProcess, until } from "@postern/testkit";

const NAMES = ["a", "b", "c"];

const origins = (): Promise<Origin[]> =>
  Promise.all(NAMES.map((name) => Origin.start(onTestFinished, (_, outgoing) => void outgoing.end(name))));

/** A visitor's cookie, and the target that it belongs to. */
interface Visitor {
  cookie: string;
  body: string;
}

/** Visitors without a cookie, until each target has one. */
async function visitors(port: number, host: string): Promise<Visitor[]> {
  const found = new Map<string, Visitor>();
  await until("each target to have a visitor", async () => {
    const { status, headers, body } = await exchange(port, { host });
    const [cookie = ""] = String(headers["set-cookie"]).split(";");
    if (status === 200) found.set(String(body), { cookie, body: String(body) });
    return found.size === NAMES.length;
  });
  return [...found.values()];
}

/** Each of the visitors comes back several times, and gets no other cookie. */
async function expectSame(port: number, host: string, known: readonly Visitor[]): Promise<void> {
  for (const { cookie, body } of [...known, ...known.toReversed(), ...known]) {
    const response = await exchange(port, { host, headers: { cookie } });
    expect([String(response.body), response.headers["set-cookie"]]).toEqual([body, undefined]);
  }
}

/** The secrets are for their owner only, and remain the same. */
function secretsIn(folder: string): string {
  const file = join(folder, "secrets");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return readFileSync(file, "utf8");
}

test("a visitor of the gateway stays with its target after the process was killed and started again", async () => {
  const targets = (await origins()).map(({ port }) => `"http://127.0.0.1:${port}"`).join(", ");
  const state = join(scratchFolder(onTestFinished), "state");
  const configuration = `[server]
state_dir = ${JSON.stringify(state)}
[[proxy]]
path = "/*"
targets = [${targets}]
sticky_sessions = "cookie"
`;
  const serve = (): StartProcess =>
    StartProcess.launch(onTestFinished, configuration, {}, ["serve", "--listen", "127.0.0.1:0"]);
  const first = serve();
  const known = await visitors(await first.gatewayPort(), "a.example");
  const secrets = secretsIn(state);
  await first.program.kill();
  await expectSame(await serve().gatewayPort(), "a.example", known);
  expect(secretsIn(state)).toBe(secrets);
});

test("a visitor of a tunnel stays with its client after the server was killed and started again", async () => {
  const state = scratchFolder(onTestFinished);
  const env = { STATE_DIRECTORY: state, POSTERN_TUNNEL_SERVER_BALANCING_STICKY_SESSIONS: "cookie" };
  const server = await ServerProcess.start(onTestFinished, { env });
  const { port } = server;
  const args = ["--join"];
  const clients = [];
  for (const { port: target } of await origins())
    clients.push(await ClientProcess.start(onTestFinished, { server, target, subdomain: "web", args }));
  const known = await visitors(port, "web.localhost");
  const secrets = secretsIn(state);
  await server.program.kill();
  await server.restart();
  for (const client of clients) await client.event("tunnel_established", 2);
  // A client that has just connected is pinged, and another one is preferred until it answers.
  await until("the clients to be used", async () => {
    const bodies: string[] = [];
    for (const { cookie } of known)
      bodies.push(String((await exchange(port, { host: "web.localhost", headers: { cookie } })).body));
    return known.every(({ body }, n) => bodies[n] === body);
  });
  await expectSame(port, "web.localhost", known);
  expect(secretsIn(state)).toBe(secrets);
});
