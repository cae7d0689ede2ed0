import { expect, test } from "vitest";
import { Gateway } from "../gateway.js";
import { refusals } from "../http/index.js";
import { MemoryConnection } from "../memory-relay.suite.js";
import { TrustedProxies } from "./trusted-proxies.js";

const REQUEST = "GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A visitor of a gateway that refuses every request. */
function visitor(proxies: string[] = []): { connection: MemoryConnection; responses: () => string[] } {
  const route = { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN } as const;
  const gateway = new Gateway(() => route, { proto: "http", trustedProxies: new TrustedProxies(proxies) });
  const connection = new MemoryConnection();
  gateway.accept(connection);
  const responses = (): string[] => connection.take().match(/^HTTP\/1\.1 [^]*?\r\n\r\n/gm) ?? [];
  return { connection, responses };
}

test("pipelined requests get at most 16 of our own responses in a turn", async () => {
  const { connection, responses } = visitor();
  connection.arrive(Buffer.from(REQUEST.repeat(40)));
  const counts = [responses().length];
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    counts.push(responses().length);
  }
  expect(counts).toEqual([16, 16, 8, 0]);
  expect(connection.state).toBe("open");
});

test("after 100 responses to pipelined requests, the connection closes", async () => {
  const { connection, responses } = visitor();
  connection.arrive(Buffer.from(REQUEST.repeat(5_000)));
  const received: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    received.push(...responses());
    await nextTurn();
  }
  expect(received.length).toBe(101);
  expect(received.map((response) => response.includes("\r\nConnection: close\r\n")).indexOf(true)).toBe(100);
  expect(connection.state).toBe("end");
});

test("a trusted proxy keeps its connection, because it carries the requests of many visitors", async () => {
  const { connection, responses } = visitor(["192.0.2.1"]);
  connection.arrive(Buffer.from(REQUEST.repeat(1_000)));
  let count = 0;
  for (let turn = 0; count < 1_000 && turn < 100; turn++) {
    const received = responses().length;
    expect(received).toBeLessThanOrEqual(16);
    count += received;
    await nextTurn();
  }
  expect([count, connection.state]).toEqual([1_000, "open"]);
});

test("requests that wait for their responses are not limited", async () => {
  const { connection, responses } = visitor();
  for (let request = 0; request < 500; request++) {
    connection.arrive(Buffer.from(REQUEST));
    if (request % 10 === 9) await nextTurn();
  }
  expect([responses().length, connection.state]).toEqual([500, "open"]);
});
