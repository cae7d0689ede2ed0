import { expect, test } from "vitest";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import { MemoryConnection } from "../memory-relay.suite.js";
import { Http1Visitor } from "./http1-visitor.js";
import { DEFAULT_VISITOR_LIMITS, type VisitorLimits } from "./limits.js";
import { TrustedProxies } from "./trusted-proxies.js";
import type { VisitorHost } from "./visitor-host.js";

interface Visit {
  connection: MemoryConnection;
  upstream: FakeUpstream;
  /** The visitor sends `text`. */
  send: (text: string) => void;
  /** Lets time pass. The visitor checks its deadlines once a second. */
  pass: (seconds: number) => void;
}

function visit(limits: Partial<VisitorLimits>): Visit {
  const upstream = new FakeUpstream();
  const connection = new MemoryConnection();
  const host: VisitorHost = {
    router: () => upstream.route,
    limits: { ...DEFAULT_VISITOR_LIMITS, ...limits },
    trustedProxies: new TrustedProxies(),
    closing: false,
    overloaded: false,
    forget() {},
    onRefused() {},
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
