import { afterEach, describe, expect, test } from "vitest";
import { BODY_QUOTA } from "../bodies/body-quota.js";
import type { BodyCoder } from "../filters/response-filter.js";
import { DoublingFilter } from "../filters/scripted-filters.suite.js";
import { refusals } from "../http/index.js";
import { QuickStep, SlowStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import type { Step } from "../middleware/step.js";
import { Visit } from "../visitor/visits.suite.js";
import { CODED_REQUEST_LIMITS } from "./coded-exchange.js";

const HEAD = "POST /in HTTP/1.1\r\nHost: a.test\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n";
const BODIES = [
  ["a length", `${HEAD}Content-Length: 6\r\n\r\nabcdef`],
  ["chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n4;x=y\r\ncdef\r\n0\r\n\r\n`],
] as const;

const visits: Visit[] = [];

afterEach(() => {
  for (const { connection } of visits.splice(0)) {
    connection.destroy();
    connection.pump();
  }
  expect(BODY_QUOTA.used).toBe(0);
});

/** A visit to a route whose requests pass these coders. */
function coded(coders: readonly BodyCoder[], others: readonly Step[] = [], limits = {}): Visit {
  const visit = new Visit(limits);
  visits.push(visit);
  const coding = new QuickStep((request) => {
    for (const coder of coders) request.changeBody(() => coder);
    return undefined;
  });
  visit.upstream.route.steps = stepsOf(...others, coding);
  return visit;
}

/** The last request that the origin got: its head in lower case, and what follows. */
function atOrigin(visit: Visit): { head: string; body: string } {
  const { text } = visit.upstream.stream;
  const end = text.indexOf("\r\n\r\n") + 4;
  return { head: text.slice(0, end).toLowerCase(), body: text.slice(end) };
}

const statuses = (visit: Visit): string[] =>
  [...visit.connection.take().matchAll(/HTTP\/1\.1 ([0-9]+) /g)].map(([, status]) => status!);
const large = (length = CODED_REQUEST_LIMITS.whole): string => "x".repeat(length);

describe.each(BODIES)("a body that ends with %s", (_, request) => {
  test("is coded and gets its length, wherever it is cut", () => {
    for (let cut = 1; cut <= request.length; cut++) {
      const visit = coded([new DoublingFilter()]);
      visit.send(request.slice(0, cut));
      if (cut < request.length) {
        expect(visit.upstream.streams, `cut at ${cut}`).toHaveLength(0);
        visit.send(request.slice(cut));
      }
      const { head, body } = atOrigin(visit);
      expect(body, `cut at ${cut}`).toBe("aabbccddeeff");
      expect(head).toContain("content-length: 12\r\n");
      expect(head).not.toContain("transfer-encoding");
      visit.respond(OK);
      expect(statuses(visit)).toEqual(["200"]);
      expect(visit.upstream.finished).toEqual([{ status: 200, bytesIn: 6, bytesOut: 2 }]);
    }
  });

  test("is coded byte by byte, and the request behind it waits", () => {
    const visit = coded([new DoublingFilter()]);
    for (const letter of request + GET) visit.send(letter);
    expect(atOrigin(visit).body).toBe("aabbccddeeff");
    visit.respond(OK);
    visit.connection.pump();
    expect(atOrigin(visit).body).toMatch(/^aabbccddeeffGET \/next /);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200", "200"]);
  });

  test("passes several coders", () => {
    const visit = coded([new DoublingFilter(), new DoublingFilter()]);
    visit.send(request);
    expect(atOrigin(visit).body).toBe("aaaabbbbccccddddeeeeffff");
  });

  test("may come after a step that waited, or read it", async () => {
    const slow = new SlowStep();
    const reader: Step = {
      name: "reader",
      check: async (given) => {
        expect((await given.readBody(100)).toString()).toBe("abcdef");
        return undefined;
      },
    };
    const visit = coded([new DoublingFilter()], [slow, reader]);
    visit.send(request.slice(0, -3));
    await slow.decide();
    visit.connection.pump();
    visit.send(request.slice(-3));
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(atOrigin(visit).body).toBe("aabbccddeeff");
    expect(atOrigin(visit).head).not.toContain("expect");
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test("that its coder refuses never reaches the target, and the connection goes on if its end is known", () => {
    const filter = new DoublingFilter({ isSlow: true });
    const visit = coded([filter]);
    visit.send(request);
    filter.fail();
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 502 /);
    expect(visit.upstream.streams).toHaveLength(0);
    expect(visit.upstream.ends).toEqual(["refused PN_ORIGIN_INVALID"]);
    expect(filter.closed).toBe(1);
    visit.send(GET);
    expect(atOrigin(visit).head).toMatch(/^get \/next /);
  });
});

test("a coder that refuses while a piece is read ends the request, wherever it is cut", () => {
  for (const [, request] of BODIES) {
    for (let cut = request.indexOf("\r\n\r\n") + 5; cut <= request.length; cut++) {
      const filter: BodyCoder = new (class extends DoublingFilter {
        override write(): void {
          this.fail();
        }
      })();
      const visit = coded([filter]);
      visit.send(request.slice(0, cut));
      if (cut < request.length) visit.send(request.slice(cut));
      visit.send(GET);
      expect(statuses(visit)[0]).toBe("502");
      expect(visit.upstream.finished).toHaveLength(1);
      const isServed = visit.upstream.streams.length === 1;
      expect(isServed ? "open" : "end", `cut at ${cut}`).toBe(visit.connection.state);
    }
  }
});

test("a large body is sent in chunks while it arrives, with its trailers", () => {
  const visit = coded([new DoublingFilter()]);
  visit.send(`${HEAD}TE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n${large(0x8000)}\r\n`);
  expect(visit.upstream.streams).toHaveLength(0);
  visit.send("1\r\na\r\n");
  const { head, body } = atOrigin(visit);
  expect(head).toContain("transfer-encoding: chunked\r\n");
  expect(head).not.toContain("content-length");
  expect(body).toBe(`10000\r\n${large(0x10000)}\r\n2\r\naa\r\n`);
  visit.send("0\r\nX-Sum: 1\r\n\r\n");
  expect(atOrigin(visit).body.slice(body.length)).toBe("0\r\nX-Sum: 1\r\n\r\n");
  visit.respond(OK);
  expect(statuses(visit)).toEqual(["200"]);
});

test("a coder that fails in a large body resets the stream, so that the target never gets its end", () => {
  const filter = new DoublingFilter();
  const visit = coded([filter]);
  visit.send(`${HEAD}Content-Length: 100000\r\n\r\n${large()}`);
  filter.fail();
  expect(visit.upstream.stream.state).toBe("reset");
  expect(atOrigin(visit).body).not.toContain("0\r\n\r\n");
  expect(statuses(visit)).toEqual(["502"]);
  expect(visit.upstream.ends).toEqual(["refused PN_ORIGIN_INVALID"]);
  visit.send("y");
  filter.work();
});

test("a coder that needs the whole body gets all of it before anything is sent", () => {
  const visit = coded([new DoublingFilter({ isWhole: true })]);
  visit.send(`${HEAD}Content-Length: 200000\r\n\r\n${large(199_999)}`);
  expect(visit.upstream.streams).toHaveLength(0);
  visit.send("x");
  expect(atOrigin(visit).head).toContain("content-length: 400000\r\n");
});

test("a coder that makes nothing of a body leads to a request with an empty one", () => {
  const visit = coded([
    new (class extends DoublingFilter {
      override write(): void {}
      override end(): void {
        this.received = 0;
        super.end();
      }
    })(),
  ]);
  visit.send(BODIES[0][1] + GET);
  expect(atOrigin(visit)).toMatchObject({ head: expect.stringContaining("content-length: 0\r\n") as string, body: "" });
  visit.respond(OK);
  visit.respond(OK);
  expect(statuses(visit)).toEqual(["200", "200"]);
});

test("a request without a body, and one of HTTP/1.0, are as usual", () => {
  const filter = new DoublingFilter();
  const visit = coded([filter]);
  visit.send(GET);
  expect(atOrigin(visit).head).not.toMatch(/content-length|transfer-encoding/);
  visit.respond(OK);
  visit.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect(atOrigin(visit).head).toContain("upgrade: websocket");
  expect(filter.received).toBe(0);
  const older = coded([new DoublingFilter()]);
  older.send(BODIES[0][1].replace("HTTP/1.1", "HTTP/1.0"));
  expect(atOrigin(older)).toMatchObject({ body: "aabbccddeeff" });
  older.respond(OK);
  expect(statuses(older)).toEqual(["200"]);
  expect(older.connection.state).toBe("end");
});

test("a visitor that waits for 100 Continue gets it from the gateway, and the target is not asked for one", () => {
  const visit = coded([new DoublingFilter()]);
  const [head, body] = BODIES[0][1].split("\r\n\r\n") as [string, string];
  visit.send(`${head}\r\nExpect: 100-continue\r\n\r\n`);
  expect(visit.connection.take()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  visit.send(body);
  expect(atOrigin(visit).head).not.toContain("expect");
  expect(atOrigin(visit).body).toBe("aabbccddeeff");
});

test("the visitor waits while the coder has not taken its bytes, and while the target takes none", () => {
  const filter = new DoublingFilter({ isSlow: true });
  const visit = coded([filter]);
  visit.send(`${HEAD}Content-Length: 1000000\r\n\r\n`);
  visit.send(large(40_000));
  expect(visit.connection.isPaused).toBe(false);
  visit.send(large(40_000));
  expect(visit.connection.isPaused).toBe(true);
  filter.work(1);
  expect(visit.connection.isPaused).toBe(false);
  filter.work();
  visit.upstream.stream.isFull = true;
  visit.send(large(40_000));
  filter.work();
  expect(visit.connection.isPaused).toBe(false);
  visit.send(large(40_000));
  expect(visit.connection.isPaused).toBe(true);
  visit.upstream.stream.isFull = false;
  visit.upstream.stream.handler.onDrain();
  expect(visit.connection.isPaused).toBe(false);
});

test("a request is sent again with the same coded body", () => {
  for (const length of [6, 100_000]) {
    const visit = coded([new DoublingFilter()], [], { replay: 1_000_000 });
    visit.send(`${HEAD.replace("POST", "PUT")}Content-Length: ${length}\r\n\r\n${large(length)}`);
    const first = atOrigin(visit);
    visit.upstream.stream.break({ cause: "broken", delivered: 0 });
    expect(visit.upstream.streams).toHaveLength(2);
    expect(atOrigin(visit).body).toBe(first.body);
    expect(atOrigin(visit).head.replace(/x-request-id.*/, "")).toBe(first.head.replace(/x-request-id.*/, ""));
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  }
});

test("an early response ends the coding", () => {
  const filter = new DoublingFilter();
  const visit = coded([filter]);
  visit.send(`${HEAD}Content-Length: 1000000\r\n\r\n${large(50_000)}`);
  visit.respond("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  expect(statuses(visit)).toEqual(["413"]);
  expect(filter.closed).toBe(1);
  visit.send(large(1_000));
  expect(filter.received).toBe(50_000);
  expect(visit.connection.state).toBe("end");
});

test("a visitor that leaves ends the coding, before and after the request was sent", () => {
  for (const length of [10, 50_000]) {
    const filter = new DoublingFilter();
    const visit = coded([filter]);
    visit.send(`${HEAD}Content-Length: 1000000\r\n\r\n${large(length)}`);
    visit.connection.destroy();
    visit.connection.pump();
    expect(filter.closed).toBe(1);
    expect(visit.upstream.finished).toEqual([{ status: 499, bytesIn: length, bytesOut: 0 }]);
    expect(visit.upstream.ends).toEqual(["visitor_left"]);
  }
});

test("the limit on bodies holds for the coded body, too", () => {
  const visit = coded([new DoublingFilter()], [], { body: 10 });
  visit.send(BODIES[0][1]);
  expect(statuses(visit)).toEqual(["413"]);
  expect(visit.upstream.streams).toHaveLength(0);
  expect(visit.upstream.ends).toEqual([`refused ${refusals.PN_HTTP_BODY_TOO_LARGE.code}`]);
});

test("a body that stops is refused", () => {
  const filter = new DoublingFilter();
  const visit = coded([filter]);
  visit.send(BODIES[0][1].slice(0, -1));
  visit.pass(70_000);
  expect(statuses(visit)).toEqual(["408"]);
  expect(filter.closed).toBe(1);
});

test("a malformed body is refused", () => {
  const visit = coded([new DoublingFilter()]);
  visit.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nabX`);
  expect(statuses(visit)).toEqual(["400"]);
  expect(visit.upstream.streams).toHaveLength(0);
});

test("while the body arrives, the route may get other steps: the request does not pass", () => {
  const visit = coded([new DoublingFilter()]);
  visit.send(BODIES[0][1].slice(0, -1));
  visit.upstream.route.steps = stepsOf(new QuickStep());
  visit.send(BODIES[0][1].slice(-1));
  expect(statuses(visit)).toEqual(["503"]);
  expect(visit.upstream.streams).toHaveLength(0);
  expect(visit.upstream.ends).toEqual(["refused PN_ACCESS_CHANGED"]);
});

test("a target that cannot be reached leads to a page, and the connection goes on", () => {
  const visit = coded([new DoublingFilter()]);
  visit.upstream.unavailable = "gone";
  visit.upstream.dial = () => undefined as never;
  visit.send(BODIES[0][1]);
  expect(statuses(visit)[0]).toBe("503");
  expect(visit.connection.state).toBe("open");
});
