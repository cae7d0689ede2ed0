import { Socket } from "node:net";
import { expect, test } from "vitest";
import { ConnectionLimit } from "./connection-limit.js";

function sockets(count: number): Socket[] {
  return Array.from({ length: count }, () => new Socket());
}

const closed = (all: Socket[]): number[] => all.flatMap(({ destroyed }, at) => (destroyed ? [at] : []));

test("the oldest connection without a token is closed", () => {
  const limit = new ConnectionLimit(3);
  const all = sockets(5);
  limit.add(all[0]!);
  limit.trust(all[0]!);
  for (const socket of all.slice(1)) limit.add(socket);
  expect(closed(all)).toEqual([1, 2]);
});

test("while all others have shown a token, a new connection is closed", () => {
  const limit = new ConnectionLimit(2);
  const all = sockets(3);
  for (const socket of all.slice(0, 2)) {
    limit.add(socket);
    limit.trust(socket);
  }
  limit.add(all[2]!);
  expect(closed(all)).toEqual([2]);
});

test("any number of new connections leaves as many open as the limit allows", () => {
  const limit = new ConnectionLimit(3);
  const all = sockets(1_000);
  for (const socket of all) limit.add(socket);
  expect(closed(all)).toHaveLength(997);
});
