import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, exchange, ServerProcess, until, type Exchange } from "@postern/testkit";
import { PlayedClient } from "../scripted-client.ts";

const cleanup = new Cleanup();
let server: ServerProcess;
let names = 0;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

/** A name that no other test uses, and how its clients start and its visitors come. */
function place(): {
  session: (says: string, instance?: string) => Promise<PlayedClient>;
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
    session: (says, instance = "one") =>
      PlayedClient.start(onTestFinished, { port: server.port, subdomain, says, instance }),
    async seen(times) {
      const seen = new Set<string>();
      for (let n = 0; n < times; n++) seen.add((await visit()).body.toString());
      return seen;
    },
  };
}

test("the sessions of one client serve its name together", async () => {
  const { session, seen } = place();
  for (const says of ["a", "b", "c"]) await session(says);
  expect([...(await seen(30))].toSorted()).toEqual(["a", "b", "c"]);
});

test("a request goes where the least is to be done", async () => {
  const { session, visit, seen } = place();
  const clients = [await session("a"), await session("b")];
  const waiting = [visit("/hold"), visit("/hold"), visit("/hold")];
  await until("three to wait", () => clients[0]!.held.length + clients[1]!.held.length === 3);
  const [busier, other] = clients.toSorted((one, two) => two.held.length - one.held.length);
  expect([busier!.held.length, other!.held.length]).toEqual([2, 1]);
  expect([...(await seen(5))]).toEqual([other === clients[0] ? "a" : "b"]);
  for (const client of clients) for (const stream of client.held) client.answer(stream);
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
});

test("a request whose session breaks is answered by another one, if it may be repeated", async () => {
  const { session, visit, seen } = place();
  const clients = [await session("a"), await session("b")];
  const waiting = visit("/hold");
  const holding = await until("the request to wait", () => clients.find(({ held }) => held.length === 1));
  holding.breakOff();
  const other = await until("the request to come again", () =>
    clients.find((client) => client !== holding && client.held.length === 1),
  );
  other.answer(other.held[0]!);
  const answer = await waiting;
  expect([answer.status, answer.body.toString()]).toEqual([200, other === clients[0] ? "a" : "b"]);
  expect((await seen(5)).size).toBe(1);
});

test("where the client comes back while the server still holds its lost session, requests go to the new one at once", async () => {
  const { session, seen } = place();
  const lost = await session("lost");
  expect([...(await seen(3))]).toEqual(["lost"]);
  lost.fallSilent();
  await session("new");
  expect([...(await seen(20))]).toEqual(["new"]);
});

test("a session that falls silent beside others is soon left alone", async () => {
  const { session, visit, seen } = place();
  const lost = await session("lost");
  await session("good");
  await seen(4);
  lost.fallSilent();
  // Somebody has to wait for it before it is noticed; served by the other one, when the lost one is given up.
  for (let n = 0; n < 4; n++) visit().catch(() => {});
  await until("twenty answers in a row", async () => {
    const answers = Array.from({ length: 20 }, () => visit().then(({ body }) => body.toString()));
    const soon = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 1_000));
    const said = await Promise.race([Promise.all(answers), soon]);
    return said?.every((each) => each === "good");
  });
});

test("a session that drains finishes what it has, and gets nothing more", async () => {
  const { session, visit, seen } = place();
  const draining = await session("draining");
  const waiting = visit("/hold");
  await until("the request to wait", () => draining.held.length === 1);
  await session("other");
  draining.session.goAway("PN_DRAINING");
  await until("requests to go elsewhere", async () => [...(await seen(5))].join() === "other");
  draining.answer(draining.held[0]!);
  expect((await waiting).body.toString()).toBe("draining");
});

test("another client of the owner takes the name from all sessions, and a late one of the former does not get it back", async () => {
  const { session, seen, subdomain } = place();
  const former = [await session("a"), await session("b")];
  await session("latter", "two");
  for (const client of former)
    expect(await client.told("unbound")).toMatchObject({ code: "PN_NAME_TAKEN_OVER", retryable: false });
  const late = await PlayedClient.dial(onTestFinished, server.port, "late");
  late.bind({ subdomain, instance: "one" });
  expect(await late.told("error")).toMatchObject({ bind: 1, code: "PN_NAME_TAKEN_OVER", retryable: false });
  for (const client of former) client.breakOff();
  expect([...(await seen(10))]).toEqual(["latter"]);
});

test("without a session left the name is away, and back with the first that comes", async () => {
  const { session, visit } = place();
  const clients = [await session("a"), await session("b")];
  clients[0]!.breakOff();
  await until("the other to serve", async () => (await visit()).body.toString() === "b");
  clients[1]!.breakOff();
  const away = await until("the name to be away", async () => {
    const answer = await visit();
    return answer.status === 503 && answer;
  });
  expect(away.headers["postern-error"]).toBe("PN_TUNNEL_AWAY");
  await session("c");
  expect((await visit()).body.toString()).toBe("c");
});
