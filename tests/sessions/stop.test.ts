import { expect, onTestFinished, test } from "vitest";
import { exchange, Published, ScriptedOrigin, ServerProcess, until, type Program } from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n";

/** Waits until the name is released. Visits before that reach the service, which responds to them. */
async function nameGivenUp(published: Published, origin: ScriptedOrigin): Promise<void> {
  let visits = 0;
  await until("503 for new visitors", async () => {
    const path = `/new-${++visits}`;
    const visit = published.visit(path);
    origin.wire(`GET ${path} `).then(
      ({ socket }) => void socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
      () => {},
    );
    return (await visit).status === 503;
  });
}

async function inFlight(): Promise<{
  origin: ScriptedOrigin;
  published: Published;
  finish: () => Promise<string>;
}> {
  const origin = await ScriptedOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, origin.port, { subdomain: "busy" });
  const wire = await published.ask(onTestFinished, "GET /slow");
  const serving = await origin.wire("GET /slow");
  serving.write(`${ANSWER}half`);
  await wire.read("half");
  return {
    origin,
    published,
    async finish() {
      serving.write("full");
      return wire.read("halffull");
    },
  };
}

const stillRunning = (program: Program): boolean => program.exit === undefined;

test("a server that stops accepts nothing new, finishes the open request, notifies its clients, and exits with 0", async () => {
  const { published, finish } = await inFlight();
  const { server, client } = published;
  server.program.signal("SIGTERM");
  await until("the listener to be closed", async () => {
    const refused = await published.wire(onTestFinished).catch((error: unknown) => error);
    return refused instanceof Error;
  });
  await client.event("reconnection");
  expect(stillRunning(server.program)).toBe(true);
  expect(await finish()).toMatch(/halffull$/);
  await server.program.ends(0);
  expect(stillRunning(client.program)).toBe(true);
});

test("a server that stops asks its clients to reconnect one after the other", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const clients: ScriptedClient[] = [];
  for (let n = 0; n < 5; n++)
    clients.push(await ScriptedClient.start(onTestFinished, { port: server.port, subdomain: `asked-${n}` }));
  server.program.signal("SIGTERM");
  await until("all clients to be asked", () => clients.every(({ retryAfter }) => retryAfter !== undefined));
  const times = clients.map(({ retryAfter }) => retryAfter!);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1_000);
  expect(new Set(times).size).toBe(clients.length);
});

test("a client that stops releases its name, finishes the open request, and exits with 0", async () => {
  const { origin, published, finish } = await inFlight();
  const { server, client } = published;
  client.program.signal("SIGTERM");
  await nameGivenUp(published, origin);
  expect(stillRunning(client.program)).toBe(true);
  expect(await finish()).toMatch(/halffull$/);
  await client.program.ends(0);
  expect(stillRunning(server.program)).toBe(true);
});

test("Ctrl-C stops in the same way, and a second one exits at once with 130", async () => {
  for (const whose of ["client", "server"] as const) {
    const { published } = await inFlight();
    const { program } = published[whose];
    program.signal("SIGINT");
    await program.waitFor("a message about stopping", () => /[Ss]topping/.test(program.output));
    expect(stillRunning(program)).toBe(true);
    program.signal("SIGINT");
    await program.ends(130);
  }
});

test("without open requests both stop at once", async () => {
  const origin = await ScriptedOrigin.start(onTestFinished);
  const { server, client } = await Published.start(onTestFinished, origin.port);
  await client.program.terminate();
  await server.program.terminate();
});

test("a client that is reconnecting stops at once", async () => {
  const origin = await ScriptedOrigin.start(onTestFinished);
  const { server, client } = await Published.start(onTestFinished, origin.port);
  await server.program.kill();
  await client.event("reconnection");
  await client.program.terminate();
});

test("a client that was idle before the open request still finishes it", async () => {
  const origin = await ScriptedOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, origin.port, { subdomain: "idle-before" });
  const { client } = published;
  // The client's own probe was a stream of its session, and has ended.
  await client.program.waitFor("the first probe", () => client.events.some(({ data }) => data["data_plane"] === "ok"));
  const wire = await published.ask(onTestFinished, "GET /slow");
  const serving = await origin.wire("GET /slow");
  client.program.signal("SIGTERM");
  await nameGivenUp(published, origin);
  serving.write(`${ANSWER}halffull`);
  await wire.read("halffull");
  await client.program.ends(0);
});

test("a request in flight when its client stops gets 503, also under a name that is released", async () => {
  const server = await ServerProcess.start(onTestFinished);
  for (const subdomain of ["kept", undefined]) {
    const client = await ScriptedClient.start(onTestFinished, { port: server.port, subdomain });
    const host = `${client.bound.name}.localhost`;
    const visit = exchange(server.port, { host, path: "/hold" });
    await until("the request to arrive", () => client.held.length === 1);
    client.leave();
    const { status, headers } = await visit;
    expect([status, headers["postern-error"], headers["retry-after"]]).toEqual([503, "PN_TUNNEL_OFFLINE", undefined]);
    expect((await exchange(server.port, { host })).status).toBe(subdomain === undefined ? 404 : 503);
  }
});
