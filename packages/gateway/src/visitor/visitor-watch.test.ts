import { describe, expect, test } from "vitest";
import { Visit } from "./visits.suite.js";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const UPLOAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";

/** Whether the visitor received a response with this status. */
const got = (visit: Visit, status: number): boolean => {
  const text = visit.connection.take();
  return text.startsWith(`HTTP/1.1 ${status} `);
};

/** Checks that a limit of `milliseconds` is kept to 50 ms, and never exceeded before. */
function expectKept(passed: number, milliseconds: number): void {
  expect(passed).toBeGreaterThanOrEqual(milliseconds);
  expect(passed).toBeLessThan(milliseconds + 50);
}

// Times that are no multiples of the queue's steps or of a second.
describe.each([137, 1_000, 1_234, 9_999])("a limit of %i ms is kept to 50 ms:", (limit) => {
  test("an idle connection, at first and after a response", () => {
    const visit = new Visit({ idle: limit });
    visit.pass(limit - 100);
    visit.send(GET);
    visit.pass(777);
    visit.respond(OK);
    visit.connection.take();
    expectKept(
      visit.timeUntil(() => visit.connection.isDestroyed),
      limit,
    );
    const silent = new Visit({ idle: limit });
    expectKept(
      silent.timeUntil(() => silent.connection.isDestroyed),
      limit,
    );
  });

  test("the head of a request, from its first byte", () => {
    const visit = new Visit({ head: limit });
    visit.pass(3_333);
    visit.send("GET / HTTP/1.1\r\n");
    visit.pass(100);
    visit.send("X: ");
    expectKept(100 + visit.timeUntil(() => got(visit, 408)), limit);
  });

  test("the head of a response, from its first byte", () => {
    const visit = new Visit({ head: limit });
    visit.send(GET);
    visit.pass(3_333);
    visit.respond("HTTP/1.1 200 OK\r\n");
    visit.pass(100);
    visit.respond("X: ");
    expectKept(100 + visit.timeUntil(() => got(visit, 504)), limit);
  });

  test("the response to a complete request", () => {
    const visit = new Visit({ answer: limit });
    visit.send(UPLOAD);
    visit.send("x".repeat(999));
    visit.pass(3_333);
    visit.send("x");
    expectKept(
      visit.timeUntil(() => got(visit, 504)),
      limit,
    );
    visit.pass(444);
    visit.send(GET);
    expectKept(
      visit.timeUntil(() => got(visit, 504)),
      limit,
    );
  });

  test("a body that stops", () => {
    const visit = new Visit({ bodyGrace: limit });
    visit.send(UPLOAD);
    for (let count = 0; count < 20; count++) {
      visit.pass(limit - 10);
      visit.send("x");
    }
    expectKept(
      visit.timeUntil(() => got(visit, 408)),
      limit,
    );
  });

  test("an origin that reads nothing of a request", () => {
    const visit = new Visit({ stall: limit });
    visit.send(UPLOAD);
    visit.pass(777);
    visit.upstream.stream.isFull = true;
    visit.send("x");
    expectKept(
      visit.timeUntil(() => got(visit, 504)),
      limit,
    );
  });

  test("a visitor that reads nothing of its response, and one that stops after it has read a part", () => {
    for (const drained of [0, 1]) {
      const visit = new Visit({ stall: limit });
      visit.send(GET);
      visit.pass(777);
      visit.connection.takes = false;
      visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok");
      if (drained > 0) visit.pass(111);
      visit.connection.drain(drained);
      expectKept(
        visit.timeUntil(() => visit.connection.isDestroyed),
        limit,
      );
    }
  });

  test("a peer that reads nothing after a protocol switch", () => {
    const visit = new Visit({ stall: limit });
    visit.send(UPGRADE);
    visit.respond(SWITCHED);
    visit.pass(888);
    visit.connection.takes = false;
    visit.respond("more");
    expectKept(
      visit.timeUntil(() => visit.connection.isDestroyed),
      limit,
    );
    const other = new Visit({ stall: limit });
    other.send(UPGRADE);
    other.respond(SWITCHED);
    other.pass(888);
    other.upstream.stream.isFull = true;
    other.send("more");
    expectKept(
      other.timeUntil(() => other.connection.isDestroyed),
      limit,
    );
  });
});

test("an idle connection is closed after 75 s", () => {
  const visit = new Visit();
  visit.pass(74_900);
  expect(visit.connection.isDestroyed).toBe(false);
  visit.pass(1_200);
  expect(visit.connection.isDestroyed).toBe(true);
});

describe("the body of a request", () => {
  test("may pause for less than 60 s, again and again", () => {
    const visit = new Visit();
    visit.send(UPLOAD);
    for (let count = 0; count < 5; count++) {
      visit.pass(59_000);
      visit.send("x");
    }
    visit.pass(59_000);
    expect(visit.connection.take()).toBe("");
    visit.pass(2_100);
    expect(got(visit, 408)).toBe(true);
    expect(visit.upstream.stream.state).toBe("reset");
  });

  test("may be any slower than that once the response has begun", () => {
    const visit = new Visit({ bodyGrace: 1_000 });
    visit.send(UPLOAD);
    visit.respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    visit.pass(3_600_000);
    visit.send("x");
    expect(visit.upstream.stream.text).toMatch(/\r\n\r\nx$/);
    expect(got(visit, 200)).toBe(true);
  });

  test("an interim response does not stop the clock", () => {
    const visit = new Visit({ bodyGrace: 5_000 });
    visit.send(UPLOAD);
    visit.respond("HTTP/1.1 103 Early Hints\r\n\r\n");
    visit.pass(5_100);
    expect(visit.connection.take()).toContain("HTTP/1.1 408 ");
  });

  test("has no limit with 0", () => {
    const visit = new Visit({ bodyGrace: 0 });
    visit.send(UPLOAD);
    visit.pass(86_400_000);
    expect(visit.connection.take()).toBe("");
  });

  test("has the idle time in addition while it waits for 100 Continue", () => {
    const visit = new Visit({ bodyGrace: 5_000, idle: 7_000 });
    visit.send(UPLOAD.replace("\r\n", "\r\nExpect: 100-continue\r\n"));
    expectKept(
      visit.timeUntil(() => got(visit, 408)),
      12_000 - 5,
    );
  });

  test("is not timed while the origin does not read", () => {
    const visit = new Visit({ bodyGrace: 5_000 });
    visit.send(UPLOAD);
    const { stream } = visit.upstream;
    stream.isFull = true;
    visit.send("x");
    visit.pass(100_000);
    stream.isFull = false;
    stream.handler.onDrain();
    visit.connection.pump();
    expectKept(
      visit.timeUntil(() => got(visit, 408)),
      5_000,
    );
  });
});

test("after a protocol switch, a slow origin is disconnected only when it reads nothing", () => {
  const visit = new Visit({ stall: 3_000 });
  const { connection } = visit;
  visit.send(UPGRADE);
  visit.respond(SWITCHED);
  const { stream } = visit.upstream;
  stream.isFull = true;
  for (let count = 0; count < 10; count++) {
    visit.send("more");
    visit.pass(1_000);
    stream.handler.onDrain();
    connection.pump();
  }
  expect([connection.state, stream.state]).toEqual(["open", "open"]);
  expect(stream.text).toMatch(/\r\n\r\n(?:more){10}$/);
  visit.send("more");
  visit.pass(2_000);
  expect(connection.state).toBe("open");
  visit.pass(1_050);
  expect([connection.state, stream.state]).toEqual(["reset", "reset"]);
});

test("the refusal of a head that never ends has the form that its Accept field prefers", () => {
  const visit = new Visit({ head: 2_000 });
  visit.send("GET / HTTP/1.1\r\nAccept: application/json\r\nX: ");
  visit.pass(3_000);
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 408 [^]*\r\nContent-Type: application\/json/);
});

test("a response that begins long after an interim response does not time out", () => {
  const visit = new Visit({ head: 1_500 });
  visit.send(GET);
  visit.respond("HTTP/1.1 103 Early Hints\r\n\r\n");
  visit.pass(60_000);
  visit.respond(OK);
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 103 [^]*\r\nHTTP\/1\.1 200 [^]*ok$/);
});

describe("what a connection costs", () => {
  test("a busy one moves in the queue about once a second, whatever its requests", () => {
    const visit = new Visit({ answer: 5_000 });
    let moves = 0;
    const { deadlines } = visit;
    const schedule = deadlines.schedule.bind(deadlines);
    deadlines.schedule = (deadline, time) => {
      const before = deadline.dueAt;
      schedule(deadline, time);
      if (deadline.dueAt !== before) moves++;
    };
    for (let requests = 0; requests < 1_000; requests++) {
      visit.send(GET);
      visit.respond(OK);
      visit.pass(10);
    }
    expect(moves).toBeLessThan(25);
  });

  test("an idle one is looked at once, and leaves nothing behind", () => {
    const visit = new Visit();
    visit.send(GET);
    visit.respond(OK);
    visit.pass(2_000);
    const { started } = visit.clock;
    const idle = visit.timeUntil(() => visit.connection.isDestroyed);
    expect(idle).toBeGreaterThanOrEqual(73_000);
    expect(visit.clock.started - started).toBeLessThanOrEqual(1);
    expect(visit.deadlines.size).toBe(0);
  });
});
