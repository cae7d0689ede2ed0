import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, exchange, ServerProcess, until, type Exchange } from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";

const cleanup = new Cleanup();
let server: ServerProcess;
let names = 0;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

/** A name that no other test uses, with functions to start its clients and to visit it. */
function place(): {
  session: (body: string, instance?: string) => Promise<ScriptedClient>;
  visit: (path?: string, method?: string) => Promise<Exchange>;
  seen: (times: number) => Promise<Set<string>>;
  subdomain: string;
} {
  const subdomain = `shared-${++names}`;
  const visit = (path = "/", method = "GET"): Promise<Exchange> =>
    exchange(server.port, { host: `${subdomain}.localhost`, path, method });
  return {
    subdomain,
    visit,
    session: (body, instance = "one") =>
      ScriptedClient.start(onTestFinished, { port: server.port, subdomain, body, instance }),
    async seen(times) {
      const seen = new Set<string>();
      for (let n = 0; n < times; n++) seen.add((await visit()).body.toString());
      return seen;
    },
  };
}

test("the sessions of one client serve its name together", async () => {
  const { session, seen } = place();
  for (const body of ["a", "b", "c"]) await session(body);
  expect([...(await seen(30))].toSorted()).toEqual(["a", "b", "c"]);
});

test("a request is sent to the session with the fewest open requests", async () => {
  const { session, visit, seen } = place();
  const clients = [await session("a"), await session("b")];
  const waiting = [visit("/hold"), visit("/hold"), visit("/hold")];
  await until("three requests to be held", () => clients[0]!.held.length + clients[1]!.held.length === 3);
  const [busier, other] = clients.toSorted((one, two) => two.held.length - one.held.length);
  expect([busier!.held.length, other!.held.length]).toEqual([2, 1]);
  expect([...(await seen(5))]).toEqual([other === clients[0] ? "a" : "b"]);
  for (const client of clients) for (const stream of client.held) client.respond(stream);
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
});

test("a retryable request whose session breaks is answered by another session", async () => {
  const { session, visit, seen } = place();
  const clients = [await session("a"), await session("b")];
  const waiting = visit("/hold");
  const holding = await until("the request to be held", () => clients.find(({ held }) => held.length === 1));
  holding.disconnect();
  const other = await until("the request to be repeated", () =>
    clients.find((client) => client !== holding && client.held.length === 1),
  );
  other.respond(other.held[0]!);
  const response = await waiting;
  expect([response.status, response.body.toString()]).toEqual([200, other === clients[0] ? "a" : "b"]);
  expect((await seen(5)).size).toBe(1);
});

test("requests use a client's new session at once, even while its lost session is still open on the server", async () => {
  const { session, seen } = place();
  const lost = await session("lost");
  expect([...(await seen(3))]).toEqual(["lost"]);
  lost.fallSilent();
  await session("new");
  expect([...(await seen(20))]).toEqual(["new"]);
});

test("a silent session soon receives no more requests if there are others", async () => {
  const { session, visit, seen } = place();
  const lost = await session("lost");
  await session("good");
  await seen(4);
  lost.fallSilent();
  // These requests make the server detect the silence. They are repeated on the other session once the lost one is
  // suspect.
  for (let n = 0; n < 4; n++) visit().catch(() => {});
  await until("twenty responses in a row", async () => {
    const responses = Array.from({ length: 20 }, () => visit().then(({ body }) => body.toString()));
    const soon = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 1_000));
    const bodies = await Promise.race([Promise.all(responses), soon]);
    return bodies?.every((each) => each === "good");
  });
});

test("a draining session finishes its requests and receives no new ones", async () => {
  const { session, visit, seen } = place();
  const draining = await session("draining");
  const waiting = visit("/hold");
  await until("the request to be held", () => draining.held.length === 1);
  await session("other");
  draining.session.goAway("PN_DRAINING");
  await until("requests to use the other session", async () => [...(await seen(5))].join() === "other");
  draining.respond(draining.held[0]!);
  expect((await waiting).body.toString()).toBe("draining");
});

test("the owner's other client takes the name from all sessions, and a late session of the first cannot take it back", async () => {
  const { session, seen, subdomain } = place();
  const former = [await session("a"), await session("b")];
  await session("latter", "two");
  for (const client of former)
    expect(await client.received("unbound")).toMatchObject({ code: "PN_NAME_TAKEN_OVER", retryable: false });
  const late = await ScriptedClient.dial(onTestFinished, server.port, "late");
  late.bind({ subdomain, instance: "one" });
  expect(await late.received("error")).toMatchObject({ bind: 1, code: "PN_NAME_TAKEN_OVER", retryable: false });
  for (const client of former) client.disconnect();
  expect([...(await seen(10))]).toEqual(["latter"]);
});

test("without a session the name responds 503, and the next session serves it again", async () => {
  const { session, visit } = place();
  const clients = [await session("a"), await session("b")];
  clients[0]!.disconnect();
  await until("the other session to serve", async () => (await visit()).body.toString() === "b");
  clients[1]!.disconnect();
  const away = await until("503 for the name", async () => {
    const response = await visit();
    return response.status === 503 && response;
  });
  expect(away.headers["postern-error"]).toBe("PN_TUNNEL_AWAY");
  await session("c");
  expect((await visit()).body.toString()).toBe("c");
});
