import { describe, expect, test } from "vitest";
import { Pool } from "../upstream/pool.js";
import { FakeUpstream, StructuredRequest, StructuredVisitor } from "./fake-visitors.suite.js";

const GET = new StructuredRequest("GET");
const OK = "HTTP/1.1 204 No Content\r\n\r\n";

/** Two tunnels behind one route, and a visitor whose request the first one has. */
function scene(request = GET): { first: FakeUpstream; second: FakeUpstream; visitor: StructuredVisitor } {
  const [first, second] = [new FakeUpstream(), new FakeUpstream()];
  first.route.pool = new Pool([first.target, second.target]);
  second.unavailable = "gone";
  const visitor = new StructuredVisitor(first, request);
  second.unavailable = undefined;
  return { first, second, visitor };
}

/** The session of the upstream's streams does not answer a ping. */
function cut(upstream: FakeUpstream): void {
  upstream.suspect = true;
  upstream.stream.suspect();
}

describe("a target that may be cut off", () => {
  test("loses an idempotent request to another one, which gets its body too", () => {
    const { first, second, visitor } = scene(new StructuredRequest("PUT", { length: 5 }));
    visitor.upload("hello");
    visitor.exchange.bodyEnd();
    cut(first);
    expect([first.stream.state, first.target.inUse, first.attempts]).toEqual(["reset", 0, ["aborted", 0]]);
    second.stream.arrive(Buffer.from(OK));
    expect([visitor.status, visitor.events]).toEqual([204, ["end", "done"]]);
    expect(second.stream.text).toMatch(/^PUT .*\r\n\r\nhello$/s);
  });

  test("loses also a request that was sent on a stream that had been idle", () => {
    const { first, second } = scene();
    first.stream.arrive(Buffer.from(OK));
    second.unavailable = "gone";
    const visitor = new StructuredVisitor(first, GET);
    expect(first.streams).toHaveLength(1);
    second.unavailable = undefined;
    cut(first);
    second.stream.arrive(Buffer.from(OK));
    expect(visitor.status).toBe(204);
  });

  test("keeps a request that is not idempotent: it may have been executed", () => {
    const { first, second, visitor } = scene(new StructuredRequest("POST", { length: 0 }));
    cut(first);
    expect(second.streams).toEqual([]);
    first.stream.arrive(Buffer.from(OK));
    expect(visitor.status).toBe(204);
  });

  test("keeps a request whose response has begun", () => {
    const { first, second, visitor } = scene();
    first.stream.arrive(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"));
    cut(first);
    expect(second.streams).toEqual([]);
    first.stream.arrive(Buffer.from("llo"));
    expect(visitor.body).toBe("hello");
  });

  test("keeps its requests while the others may be cut off too, or cannot be reached", () => {
    const { first, second, visitor } = scene();
    second.suspect = true;
    cut(first);
    [second.suspect, second.unavailable] = [false, "gone"];
    cut(first);
    expect([visitor.events, second.streams, first.stream.state]).toEqual([[], [], "open"]);
    second.unavailable = undefined;
    cut(first);
    second.stream.arrive(Buffer.from(OK));
    expect(visitor.status).toBe(204);
  });

  test("keeps the request of a route without another target, which is not sent twice", () => {
    const only = new FakeUpstream();
    const visitor = new StructuredVisitor(only, GET);
    cut(only);
    expect([only.streams.length, visitor.events]).toEqual([1, []]);
  });

  test("that loses many requests at once adds no more load than broken connections do", () => {
    const [first, second] = [new FakeUpstream(), new FakeUpstream()];
    first.route.pool = new Pool([first.target, second.target]);
    second.unavailable = "gone";
    for (let n = 0; n < 100; n++) new StructuredVisitor(first, GET);
    second.unavailable = undefined;
    first.suspect = true;
    for (const stream of first.streams) stream.suspect();
    expect(second.streams.length).toBeGreaterThan(10);
    expect(second.streams.length).toBeLessThanOrEqual(35);
  });
});
