import { LOGIN_LIMITS } from "@postern/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { LoginGate } from "./login-gate.js";

const HERE = "192.0.2.1";

let now = 0;
let gate: LoginGate;
beforeEach(() => {
  now = 1_000_000;
  gate = new LoginGate(() => now);
});

const fill = (address = HERE): void => {
  for (let n = 0; n < LOGIN_LIMITS.perAddress; n++) expect(gate.enter(address)).toBeUndefined();
};

test("the connections of an address before login are limited, and do not affect other addresses", () => {
  fill();
  expect(gate.enter(HERE)).toBeGreaterThan(0);
  expect(gate.enter("192.0.2.2")).toBeUndefined();
  gate.leave(HERE);
  expect(gate.enter(HERE)).toBeUndefined();
});

describe("connections beyond the limit", () => {
  test("get retry times one after the other, in the order of their arrival", () => {
    fill();
    const turns = Array.from({ length: 1_000 }, () => gate.enter(HERE) as number);
    expect(turns).toEqual(turns.toSorted((one, other) => one - other));
    expect(new Set(turns).size).toBe(1_000);
    // The times of the second wave are evenly spaced.
    for (let n = 200; n < 1_000; n++) expect(turns[n]! - turns[n - 200]!).toBe(1_000);
    expect(turns.at(-1)).toBeLessThan(10_000);
  });

  test("get retry times at the pace of logins", () => {
    fill();
    gate.enter(HERE);
    // Less than half a second in all, so that no retry is due yet.
    for (let n = 0; n < 24; n++) {
      now += 20;
      gate.leave(HERE);
      expect(gate.enter(HERE)).toBeUndefined();
      gate.enter(HERE);
    }
    const [one, other] = [gate.enter(HERE) as number, gate.enter(HERE) as number];
    expect(other - one).toBeGreaterThan(17);
    expect(other - one).toBeLessThan(23);
  });

  test("never wait longer than a minute", () => {
    fill();
    for (let n = 0; n < 100_000; n++) {
      const turn = gate.enter(HERE) as number;
      expect(turn).toBeGreaterThan(0);
      expect(turn).toBeLessThanOrEqual(60_000);
    }
  });

  test("do not wait for another address", () => {
    fill();
    for (let n = 0; n < 1_000; n++) gate.enter(HERE);
    fill("192.0.2.2");
    expect(gate.enter("192.0.2.2")).toBeLessThan(1_000);
  });

  test("are forgotten after their retry times", () => {
    fill();
    gate.enter(HERE);
    for (let n = 0; n < LOGIN_LIMITS.perAddress; n++) gate.leave(HERE);
    now += 60_000;
    gate.sweep();
    fill();
    expect(gate.enter(HERE)).toBeLessThan(1_000);
  });
});

test("a few addresses cannot use all places: the fewer places are free, the fewer each address may use", () => {
  let inside = 0;
  for (let address = 0; address < 30; address++) while (gate.enter(`192.0.2.${address}`) === undefined) inside++;
  expect(inside).toBeLessThan(SERVER_LIMITS.logins);
  expect(gate.enter("198.51.100.1")).toBeUndefined();
});

test("the connections of all addresses are limited", () => {
  for (let n = 0; n < SERVER_LIMITS.logins; n++) expect(gate.enter(`10.0.${n >> 8}.${n & 255}`)).toBeUndefined();
  expect(gate.enter("192.0.2.1")).toBeGreaterThan(0);
  gate.leave("10.0.0.0");
  expect(gate.enter("192.0.2.1")).toBeUndefined();
});

test("a /64 of IPv6 counts as one address", () => {
  const net = ["2001:db8::1", "2001:db8:0:0:1::", "2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::5:6:7:8"];
  for (let n = 0; n < LOGIN_LIMITS.perAddress; n++) expect(gate.enter(net[n % net.length]!)).toBeUndefined();
  for (const address of net) expect(gate.enter(address)).toBeGreaterThan(0);
  for (const other of ["2001:db8:0:1::1", "2001:db8:1::1", "::1", "fe80::1"]) expect(gate.enter(other)).toBeUndefined();
});

describe("while connections that never log in use all places of an address", () => {
  test("a client that comes at the time it was given is admitted", () => {
    fill();
    const wait = gate.enter(HERE) as number;
    now += wait / 2;
    expect(gate.enter(HERE)).toBeGreaterThan(0);
    now += wait / 2;
    expect(gate.enter(HERE)).toBeUndefined();
  });

  test("clients may come a little late, and each time admits one client", () => {
    fill();
    const waits = [gate.enter(HERE) as number, gate.enter(HERE) as number];
    now += Math.max(...waits) + 1_500;
    expect([gate.enter(HERE), gate.enter(HERE)]).toEqual([undefined, undefined]);
    expect(gate.enter(HERE)).toBeGreaterThan(0);
    now += 5_000;
    expect(gate.enter(HERE)).toBeGreaterThan(0);
  });

  test("only a few clients are admitted in addition", () => {
    fill();
    const waits = Array.from({ length: 100 }, () => gate.enter(HERE) as number);
    now += Math.max(...waits);
    const admitted = Array.from({ length: 100 }, () => gate.enter(HERE)).filter((wait) => wait === undefined);
    expect(admitted).toHaveLength(LOGIN_LIMITS.returning);
    for (const _ of admitted) gate.leave(HERE);
    expect(gate.enter("192.0.2.2")).toBeUndefined();
  });

  test("a client is back within a few attempts, although the connections are replaced as they end", () => {
    fill();
    const wait = gate.enter(HERE) as number;
    const due = now + wait;
    while (now + 80 < due) {
      now += 80;
      gate.leave(HERE);
      expect(gate.enter(HERE)).toBeUndefined();
    }
    now = due;
    expect(gate.enter(HERE)).toBeUndefined();
  });

  test("the places of the server are never exceeded", () => {
    for (let n = 0; n < 1_000_000 && gate.enter(`192.0.2.${n}`) === undefined; n++);
    let admitted = 0;
    for (let n = 0; n < 10_000; n++) {
      now += 100;
      if (gate.enter("198.51.100.1") === undefined) admitted++;
    }
    expect(admitted).toBe(0);
  });
});
