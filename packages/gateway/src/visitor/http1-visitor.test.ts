import { describe, expect, test } from "vitest";
import { SharedDomain } from "../cookies/shared-domain.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import { MemoryConnection } from "../memory-relay.suite.js";
import { refusals } from "../http/index.js";
import type { Route, Router } from "../route.js";
import { Forwarding } from "./forwarding.js";
import { Http1Visitor } from "./http1-visitor.js";
import { DEFAULT_VISITOR_LIMITS, type VisitorLimits } from "./limits.js";
import type { VisitorHost } from "./visitor-host.js";

interface Visit {
  connection: MemoryConnection;
  upstream: FakeUpstream;
  /** The visitor sends `text`. */
  send: (text: string) => void;
  /** Lets time pass. The visitor checks its deadlines once a second. */
  pass: (seconds: number) => void;
}

function visit(limits: Partial<VisitorLimits>, router?: Router): Visit {
  const upstream = new FakeUpstream();
  const connection = new MemoryConnection();
  const host: VisitorHost = {
    router: router ?? ((): Route => upstream.route),
    limits: { ...DEFAULT_VISITOR_LIMITS, ...limits },
    forwarding: new Forwarding(),
    sharedDomain: new SharedDomain("tunnel.example.com"),
    closing: false,
    overloaded: false,
    forget() {},
    onFault(error) {
      throw error;
    },
  };
  const visitor = new Http1Visitor(connection, host, { proto: "http" });
  let now = performance.now();
  return {
    connection,
    upstream,
    send: (text) => connection.arrive(Buffer.from(text)),
    pass: (seconds) => {
      for (; seconds > 0; seconds--) visitor.tick((now += 1_000), 1_000);
    },
  };
}

test("after a protocol switch, a slow origin is disconnected only when it reads nothing", () => {
  const { connection, upstream, send, pass } = visit({ stall: 3_000 });
  send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
  const { stream } = upstream;
  stream.arrive(Buffer.from("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"));
  stream.isFull = true;
  for (let seconds = 0; seconds < 10; seconds++) {
    send("more");
    pass(1);
    stream.handler.onDrain();
    connection.pump();
  }
  expect([connection.state, stream.state]).toEqual(["open", "open"]);
  expect(stream.text).toMatch(/\r\n\r\n(?:more){10}$/);
  send("more");
  pass(2);
  expect(connection.state).toBe("open");
  pass(1);
  expect([connection.state, stream.state]).toEqual(["reset", "reset"]);
});

test("the refusal of a head that never ends has the form that its Accept field prefers", () => {
  const { connection, send, pass } = visit({ head: 2_000 });
  send("GET / HTTP/1.1\r\nAccept: application/json\r\nX: ");
  pass(3);
  expect(connection.take()).toMatch(/^HTTP\/1\.1 408 [^]*\r\nContent-Type: application\/json/);
});

test("OPTIONS that may pass no proxy is answered here, with or without a body, and reaches no origin", () => {
  const { connection, upstream, send } = visit({});
  send("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nAccept: application/json\r\n\r\n");
  expect(connection.take()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Max-Forwards/);
  send("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nContent-Length: 1\r\n\r\n");
  expect(connection.take()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n/);
  expect(upstream.streams).toEqual([]);
});

test("a visitor that writes the gateway's own id into CDN-Loop stops only its own request", () => {
  const { connection, upstream, send } = visit({});
  send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const id = /\r\nCDN-Loop: (\S+)\r\n/.exec(upstream.stream.text)?.[1];
  upstream.stream.arrive(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  connection.take();
  send(`GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: ${id},${id}\r\nCdn-Loop: ${id}, ${id}\r\nConnection: cdn-loop\r\n\r\n`);
  expect(connection.take()).toMatch(/^HTTP\/1\.1 508 Loop Detected\r\n[^]*\r\nPostern-Error: PN_ORIGIN_LOOP\r\n/);
  send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(upstream.stream.text).toContain("GET /next ");
});

test("a cookie for all tunnels is dropped, in interim responses too, and the stream is used again", () => {
  const { connection, upstream, send } = visit({});
  send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const cookies = "Set-Cookie: a=1\r\nSet-Cookie: b=2; Domain=example.com\r\n";
  upstream.stream.arrive(Buffer.from(`HTTP/1.1 103 Hints\r\n${cookies}\r\n`));
  upstream.stream.arrive(Buffer.from(`HTTP/1.1 200 OK\r\n${cookies}Content-Length: 0\r\n\r\n`));
  expect(connection.take()).toBe(
    "HTTP/1.1 103 Hints\r\nSet-Cookie: a=1\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
  );
  send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(upstream.streams).toHaveLength(1);
});

describe("a head that is too large because of its cookies", () => {
  const BOMB = `Cookie: ${"a=1; ".repeat(8_000)}\r\n`;
  const unknown: Router = () => ({ kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN });
  const request = (cookies: string): string =>
    `GET / HTTP/1.1\r\nHost: a\r\n${cookies}Accept: application/json\r\n${cookies}\r\nGET /next`;
  const NOT_FOUND = /^HTTP\/1\.1 404 [^]*\r\nContent-Type: application\/json[^]*\r\nConnection: close\r\n/;

  test("gets a page of our own, whole or in pieces, and the connection closes", () => {
    const whole = visit({}, unknown);
    whole.send(request(BOMB));
    expect(whole.connection.take()).toMatch(NOT_FOUND);
    expect(whole.connection.state).toBe("end");
    const pieces = visit({}, unknown);
    for (const piece of request(BOMB).match(/[^]{1,777}/g) ?? []) pieces.send(piece);
    expect(pieces.connection.take()).toMatch(NOT_FOUND);
  });

  test("does not reach a service", () => {
    const { connection, upstream, send } = visit({});
    send(request(BOMB));
    expect(connection.take()).toMatch(/^HTTP\/1\.1 431 [^]*\r\nContent-Type: application\/json/);
    expect(upstream.streams).toEqual([]);
  });

  test("is routed once", () => {
    let routed = 0;
    const { send } = visit({}, (head, info) => (routed++, unknown(head, info)));
    send(request(BOMB));
    expect(routed).toBe(1);
  });

  test("is refused like any other head for what is wrong with the rest of it", () => {
    const answer = (text: string): string => {
      const { connection, send } = visit({}, unknown);
      send(text);
      return connection.take().slice(0, 12);
    };
    expect(answer(request(BOMB).replace("Accept:", "Accept :"))).toBe("HTTP/1.1 400");
    expect(answer(request(BOMB).replace("; \r\n", ";\n"))).toBe("HTTP/1.1 400");
    expect(answer(request(BOMB).replace("Accept:", `X: ${"x".repeat(40_000)}\r\nAccept:`))).toBe("HTTP/1.1 431");
    expect(answer(request(BOMB.repeat(30)))).toBe("HTTP/1.1 431");
  });

  test("has as much time as any other head", () => {
    const { connection, send, pass } = visit({ head: 2_000 }, unknown);
    send(request(BOMB).slice(0, 50_000));
    pass(1);
    send("a=1; ");
    pass(2);
    expect(connection.take()).toMatch(/^HTTP\/1\.1 408 [^]*\r\nContent-Type: application\/json/);
  });
});
