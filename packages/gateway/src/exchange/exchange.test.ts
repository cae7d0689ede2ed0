import type { BreakCause } from "@postern/net";
import { describe, expect, test } from "vitest";
import { refusals, type Refusal } from "../http/index.js";
import { FakeUpstream, StructuredRequest, StructuredVisitor } from "./fake-visitors.suite.js";
import { EXCHANGE_LIMITS } from "./response-side.js";

const PLAIN = new StructuredRequest("GET");

function visit(request = PLAIN, window = Infinity): StructuredVisitor {
  return new StructuredVisitor(new FakeUpstream(), request, window);
}

function answer(visitor: StructuredVisitor, ...pieces: string[]): void {
  for (const piece of pieces) visitor.upstream.stream.arrive(Buffer.from(piece, "latin1"));
}

describe("to a visitor with structured heads", () => {
  test("a response arrives as status, end-to-end fields and data", () => {
    const visitor = visit();
    answer(visitor, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x\r\nX: 1\r\nKind: a\r\n\r\nhello");
    expect(visitor).toMatchObject({ status: 200, fields: { kind: "a" }, body: "hello", events: ["end", "done"] });
    expect(visitor.upstream.finished).toEqual([{ status: 200, bytesIn: 0, bytesOut: 5 }]);
  });

  test("chunks arrive as data, and trailers as fields", () => {
    const visitor = visit();
    answer(
      visitor,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhel",
      "lo\r\n6\r\n world\r\n0\r\nSum",
    );
    answer(visitor, ": 1\r\nDate: now\r\n\r\n");
    expect(visitor).toMatchObject({ body: "hello world", trailers: "Sum: 1\r\n", events: ["end", "done"] });
  });

  test("interim responses arrive before the final one", () => {
    const visitor = visit();
    answer(visitor, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
    expect(visitor).toMatchObject({ interim: [100, 103], status: 204, events: ["end", "done"] });
  });

  test("an exchange is over when the last byte of the response has been sent, and not before", () => {
    const visitor = visit(PLAIN, 3);
    answer(visitor, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    const { stream } = visitor.upstream;
    expect([visitor.events, stream.received - stream.credited]).toEqual([["end"], 2]);
    visitor.open(1);
    expect([visitor.events, stream.received - stream.credited]).toEqual([["end"], 1]);
    visitor.open(1);
    expect([visitor.events, stream.received - stream.credited]).toEqual([["end", "done"], 0]);
  });
});

describe("from a visitor with structured heads", () => {
  test("data of unknown length goes to the origin in chunks, with trailers", () => {
    const visitor = visit(new StructuredRequest("POST", { chunked: true }));
    visitor.upload("hello");
    visitor.upload("0123456789abcdef");
    visitor.exchange.bodyEnd(Buffer.from("Sum: 1\r\n"));
    const [, body] = visitor.upstream.stream.text.split(/\r\n\r\n([^]*)/);
    expect(body).toBe("5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nSum: 1\r\n\r\n");
  });

  test("data of known length is sent unchanged", () => {
    const visitor = visit(new StructuredRequest("POST", { length: 5 }));
    visitor.upload("hel");
    visitor.upload("lo");
    visitor.exchange.bodyEnd();
    expect(visitor.upstream.stream.text).toMatch(
      /^POST \/ HTTP\/1\.1\r\nHost: a\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello$/,
    );
  });

  test("a request of which nothing was delivered is sent again with its body", () => {
    const visitor = visit(new StructuredRequest("POST", { chunked: true }));
    visitor.upload("hello");
    const first = visitor.upstream.stream;
    first.break({ cause: "broken", delivered: 0 });
    visitor.upload("more");
    visitor.exchange.bodyEnd();
    expect(visitor.upstream.streams.length).toBe(2);
    expect(visitor.upstream.stream.text).toBe(`${first.text}4\r\nmore\r\n0\r\n\r\n`);
    expect(visitor.upstream.attempts).toEqual(["broken", 0]);
  });
});

describe("an attempt is reported once", () => {
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  test.each<[string, (visitor: StructuredVisitor) => void, unknown[], string]>([
    ["the response is complete", (visitor) => answer(visitor, `${OK}ok`), ["status", 200], "done"],
    [
      "the connection is refused",
      (v) => v.upstream.stream.break({ cause: "refused", delivered: 0 }),
      ["refused", 0],
      "refused PN_ORIGIN_REFUSED",
    ],
    [
      "connecting times out",
      (v) => v.upstream.stream.break({ cause: "timeout", delivered: 0 }),
      ["timeout", 0],
      "refused PN_ORIGIN_TIMEOUT",
    ],
    [
      "there is no room for a stream",
      (v) => v.upstream.stream.break({ cause: "full", delivered: 1 }),
      ["full", 0],
      "refused PN_OVERLOADED",
    ],
    [
      "the stream is reset",
      (v) => v.upstream.stream.break({ cause: "broken", delivered: 1 }),
      ["broken", 0],
      "refused PN_ORIGIN_BROKEN",
    ],
    [
      "the stream is reset during the response",
      (v) => (answer(v, OK), v.upstream.stream.break({ cause: "broken", delivered: 1 })),
      ["broken", 200],
      "broken",
    ],
    [
      "the response is not HTTP",
      (visitor) => answer(visitor, "SSH-2.0\r\n"),
      ["invalid", 0],
      "refused PN_ORIGIN_INVALID",
    ],
    ["the origin is too slow", (visitor) => visitor.exchange.timeOut(), ["timeout", 0], "refused PN_ORIGIN_TIMEOUT"],
    ["the visitor leaves", (visitor) => visitor.exchange.abort(), ["aborted", 0], ""],
  ])("when %s", (_, happens, attempts, event) => {
    const visitor = visit(new StructuredRequest("POST", { length: 0 }));
    expect(visitor.upstream.target.inUse).toBe(1);
    happens(visitor);
    expect(visitor.upstream.attempts).toEqual(attempts);
    expect(visitor.events.at(-1) ?? "").toBe(event);
    expect([visitor.upstream.target.inUse, visitor.upstream.finished.length]).toEqual([0, 1]);
  });

  test("but none is made when the upstream is unavailable", () => {
    const upstream = new FakeUpstream();
    upstream.unavailable = "full";
    const visitor = new StructuredVisitor(upstream, PLAIN);
    expect([visitor.events, upstream.attempts, upstream.streams]).toEqual([["refused PN_OVERLOADED"], [], []]);
  });

  test("and the route's policy decides whether another one is made", () => {
    const upstream = new FakeUpstream();
    upstream.route.retry = ({ reason }) => reason.cause === "refused";
    const visitor = new StructuredVisitor(upstream, PLAIN);
    upstream.stream.break({ cause: "refused", delivered: 0 });
    answer(visitor, "HTTP/1.1 204 No Content\r\n\r\n");
    expect([visitor.status, upstream.attempts]).toEqual([204, ["refused", 0, "status", 204]]);
  });
});

describe("the end of an exchange", () => {
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const broken = (cause: BreakCause, delivered = 1) => ({ cause, delivered });

  test.each<[string, string, number, (visitor: StructuredVisitor) => void]>([
    ["a whole response", "complete", 200, (v) => answer(v, `${OK}ok`)],
    [
      "a break before the response",
      "origin_reset PN_ORIGIN_BROKEN",
      502,
      (v) => v.upstream.stream.break(broken("broken")),
    ],
    [
      "a break in the response",
      "origin_reset PN_ORIGIN_BROKEN",
      200,
      (v) => (answer(v, `${OK}o`), v.upstream.stream.break(broken("broken"))),
    ],
    ["an end in the response", "origin_reset PN_ORIGIN_BROKEN", 200, (v) => (answer(v, `${OK}o`), finish(v))],
    ["an end before the response", "origin_reset PN_ORIGIN_BROKEN", 502, (v) => finish(v)],
    [
      "a session that was lost in the response",
      "origin_reset PN_TUNNEL_AWAY",
      200,
      (v) => (answer(v, `${OK}o`), v.upstream.stream.break(broken("gone"))),
    ],
    [
      "a service that refuses connections",
      "refused PN_ORIGIN_REFUSED",
      502,
      (v) => v.upstream.stream.break(broken("refused", 0)),
    ],
    [
      "a service that does not answer the dial",
      "timeout PN_ORIGIN_TIMEOUT",
      504,
      (v) => v.upstream.stream.break(broken("timeout", 0)),
    ],
    ["a session without room", "refused PN_OVERLOADED", 503, (v) => v.upstream.stream.break(broken("full"))],
    [
      "a response that is not HTTP",
      "origin_invalid PN_ORIGIN_INVALID PN_HTTP_STATUS_LINE",
      502,
      (v) => answer(v, "SSH-2.0\r\n"),
    ],
    [
      "an invalid chunk after the head",
      "origin_invalid PN_ORIGIN_INVALID PN_HTTP_CHUNK",
      200,
      (v) => (answer(v, CHUNKED), answer(v, "zz\r\n")),
    ],
    [
      "too many interim responses",
      "origin_invalid PN_ORIGIN_INVALID PN_HTTP_HEAD_TOO_LARGE",
      502,
      (v) => answer(v, "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(EXCHANGE_LIMITS.interim + 1)),
    ],
    ["a response that does not come", "timeout PN_ORIGIN_TIMEOUT", 504, (v) => v.exchange.timeOut()],
    [
      "a request's body that is too slow",
      "timeout PN_HTTP_BODY_TIMEOUT",
      408,
      (v) => v.exchange.fail(refusals.PN_HTTP_BODY_TIMEOUT),
    ],
    [
      "a request's body that is not valid",
      "refused PN_HTTP_CHUNK",
      400,
      (v) => v.exchange.fail(refusals.PN_HTTP_CHUNK),
    ],
    ["a visitor that leaves early", "visitor_left", 499, (v) => v.exchange.abort()],
    ["a visitor that leaves in the response", "visitor_left", 200, (v) => (answer(v, `${OK}o`), v.exchange.abort())],
    ["a visitor that reads nothing", "timeout", 200, (v) => (answer(v, `${OK}o`), v.exchange.abort("timeout"))],
  ])("is recorded for %s: %s", (_, end, status, happens) => {
    const visitor = visit(new StructuredRequest("POST", { length: 0 }));
    happens(visitor);
    expect(visitor.upstream.ends).toEqual([end]);
    expect(visitor.upstream.finished).toMatchObject([{ status }]);
  });

  test.each<[string, Refusal, string, number]>([
    ["is no longer served", refusals.PN_TUNNEL_UNKNOWN, "PN_TUNNEL_OFFLINE", 503],
    ["is expected back", refusals.PN_TUNNEL_AWAY, "PN_TUNNEL_AWAY", 503],
    ["cannot be served for lack of memory", refusals.PN_OVERLOADED, "PN_OVERLOADED", 503],
  ])("in flight, when its name %s: it is never reported as unknown", (_, refusal, code, status) => {
    const visitor = visit(PLAIN);
    visitor.next = { kind: "refusal", refusal };
    visitor.upstream.stream.break(broken("gone", 0));
    expect(visitor.events).toEqual([`refused ${code}`]);
    expect(visitor.upstream.ends).toEqual([`origin_reset ${code}`]);
    expect(visitor.upstream.finished).toMatchObject([{ status }]);
  });

  test("is that of the second attempt", () => {
    const visitor = visit(PLAIN);
    visitor.upstream.stream.break(broken("gone", 0));
    answer(visitor, `${OK}ok`);
    expect(visitor.upstream.ends).toEqual(["complete"]);
  });

  test.each<[string, string, (visitor: StructuredVisitor) => void]>([
    ["both sides close", "complete", (v) => (finish(v), v.connection.destroy())],
    ["the origin resets", "origin_reset", (v) => v.upstream.stream.break(broken("broken"))],
    ["the visitor leaves", "complete", (v) => v.connection.destroy()],
  ])("after a switch of protocols, when %s: %s", (_, end, happens) => {
    const visitor = visit(new StructuredRequest("GET", { upgrade: "chat" }));
    answer(visitor, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    happens(visitor);
    visitor.connection.pump();
    expect(visitor.upstream.ends).toEqual([end]);
  });
});

function finish(visitor: StructuredVisitor): void {
  visitor.upstream.stream.finish();
}
