import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { ClientSession } from "./client-session.js";
import { DEFAULT_OWNER_LIMITS, Owners } from "./owners.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";
import { Sessions } from "./sessions.js";

const onLogin = vi.fn<(outcome: string) => void>();
const onLoginOver = vi.fn<() => void>();
const dependencies = sessionDependencies();
let sessions: Sessions;
beforeEach(() => {
  vi.clearAllMocks();
  sessions = new Sessions(dependencies, onLogin);
});

const connect = (): ScriptedPeer =>
  new ScriptedPeer(dependencies, (connection) => sessions.open(connection, onLoginOver));

test("many sessions are checked over several turns, so that requests need not wait for all of them", async () => {
  const ticks = vi.spyOn(ClientSession.prototype, "tick");
  for (let opened = 0; opened < 600; opened++) connect();
  sessions.tick(1_000);
  expect(ticks).toHaveBeenCalledTimes(256);
  // A pass that is not over is not joined by a second one.
  sessions.tick(2_000);
  expect(ticks).toHaveBeenCalledTimes(256);
  await vi.waitUntil(() => ticks.mock.calls.length === 600);
  await setImmediate();
  expect(new Set(ticks.mock.contexts).size).toBe(600);
  sessions.tick(3_000);
  await vi.waitUntil(() => ticks.mock.calls.length === 1_200);
  ticks.mockRestore();
  await sessions.close();
});

describe("the end of a login is reported once", () => {
  test("when the client is logged in", async () => {
    const peer = connect();
    expect(sessions.loggedIn).toBe(0);
    await peer.login([]);
    expect([sessions.loggedIn, onLogin.mock.calls, onLoginOver.mock.calls.length]).toEqual([1, [["ok"]], 1]);
    await sessions.close();
    expect([sessions.loggedIn, onLogin.mock.calls.length, onLoginOver.mock.calls.length]).toEqual([0, 1, 1]);
  });

  test("when the session ends before the login", async () => {
    connect().server.refuse("PN_LOGIN_TIMEOUT");
    await sessions.close();
    expect([onLogin.mock.calls, onLoginOver.mock.calls.length]).toEqual([[["PN_LOGIN_TIMEOUT"]], 1]);
  });
});

test("when memory is low, a session that holds much ends with a time to return", async () => {
  const peers = [connect(), connect()];
  for (const peer of peers) await peer.login([]);
  sessions.endLargest();
  expect(peers.map(({ messages }) => messages.length)).toEqual([1, 1]);
  vi.spyOn(peers[1]!.server, "held", "get").mockReturnValue(SERVER_LIMITS.muchHeld);
  sessions.endLargest();
  await vi.waitUntil(() => peers[1]!.messages.length === 2);
  expect(peers[1]!.messages[1]).toMatchObject({ type: "error", code: "PN_SESSION_MEMORY", retryable: true });
  expect(peers[1]!.messages[1]).toHaveProperty("retry_after_ms");
  await vi.waitUntil(() => sessions.loggedIn === 1);
  await sessions.close();
});

test("beyond the sessions of an owner, a login is refused with a time to retry, and ends like every refused login", async () => {
  const owners = new Owners({ ...DEFAULT_OWNER_LIMITS, sessions: 1 }, () => 0);
  const limited = sessionDependencies({ owners });
  sessions = new Sessions(limited, onLogin);
  const open = (): ScriptedPeer => new ScriptedPeer(limited, (connection) => sessions.open(connection, onLoginOver));
  const first = open();
  await first.login([]);
  const refused = await open().login([]);
  expect(refused).toMatchObject({ type: "error", code: "PN_OWNER_SESSION_LIMIT", retryable: true });
  expect(refused).toHaveProperty("retry_after_ms", expect.any(Number));
  await vi.waitUntil(() => onLoginOver.mock.calls.length === 2);
  expect([sessions.loggedIn, onLogin.mock.calls]).toEqual([1, [["ok"], ["PN_OWNER_SESSION_LIMIT"]]]);

  first.server.terminate();
  await vi.waitUntil(() => sessions.loggedIn === 0);
  expect(await open().login([])).toMatchObject({ type: "welcome" });
});

test("a refused login is one warning in the log", async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const own = sessionDependencies({ log });
  const logged = new Sessions(own, onLogin);
  const peer = new ScriptedPeer(own, (connection) => logged.open(connection, () => {}));
  const auth = { method: "api_key", api_key: "key-of-a-stranger" };
  await peer.ask({ type: "hello", versions: [1], auth });
  await logged.close();
  expect(lines).toEqual([expect.stringContaining("login refused")]);
});

test("at a stop, clients are asked to reconnect one after the other", async () => {
  const peers = [connect(), connect(), connect()];
  for (const peer of peers) await peer.login([]);
  sessions.goAway();
  await vi.waitUntil(() => peers.every(({ retryAfter }) => retryAfter !== undefined));
  expect(peers.map(({ retryAfter }) => retryAfter)).toEqual([1_000, 1_005, 1_010]);
  await sessions.close();
});

describe("after GOAWAY, no name is bound", () => {
  const attempt = async (peer: ScriptedPeer): Promise<void> => {
    for (const message of [
      { type: "bind", bind: 7, subdomain: "late" },
      { type: "check", check: 7, subdomain: "late" },
    ] as const)
      expect(await peer.ask(message)).toMatchObject({ type: "error", code: "PN_DRAINING", retryable: true });
    expect(dependencies.registry.find("late")).toBeUndefined();
  };

  test("of the client", async () => {
    const peer = connect();
    await peer.login([]);
    peer.goAway();
    await attempt(peer);
    await sessions.close();
  });

  test("of the server", async () => {
    const peer = connect();
    await peer.login([]);
    sessions.goAway();
    await attempt(peer);
    await sessions.close();
  });
});

test("without sessions, close resolves immediately", async () => {
  await sessions.close();
  expect(sessions.streams).toBe(0);
});
