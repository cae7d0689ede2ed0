import { describe, expect, test } from "vitest";
import { Gateway } from "../gateway.js";
import { MemoryConnection } from "../memory-relay.suite.js";
import { FakeUpstream, StructuredRequest, StructuredVisitor, type OriginStream } from "./fake-visitors.suite.js";

/** Responses with every form of body, and the request that each responds to. */
const FORMS: Record<string, { response: string; method?: string; upgrade?: string; endsWithStream?: boolean }> = {
  "no body": { response: "HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n" },
  "no body, to HEAD": { response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD" },
  "an empty body": { response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
  "a length": { response: "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789abcdefghij" },
  chunks: {
    response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\n",
  },
  "chunks with extensions and trailers": {
    response:
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0;z\r\nSum: 1\r\nDate: now\r\n\r\n",
  },
  "many small chunks": {
    response: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"1;a\r\nx\r\n".repeat(20)}0;e\r\nSum: 1\r\n\r\n`,
  },
  "the end of the connection": { response: "HTTP/1.1 200 OK\r\n\r\n0123456789", endsWithStream: true },
  "interim responses before": {
    response:
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend",
  },
  "an upgrade": {
    response: "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome",
    upgrade: "chat",
  },
};

/** A visitor's actions, in any protocol. */
interface Visit {
  stream: OriginStream;
  /** Reads `bytes` of the waiting bytes. */
  take(bytes: number): void;
  leave(): void;
  timeOut(): void;
  /** Whether the exchange is over, so that the visitor can send another request. Valid after everything was read. */
  isOver(): boolean;
}

/** Visitors that read nothing until `take` is called. */
const VISITORS: Record<string, (form: { method?: string; upgrade?: string }) => Visit> = {
  "structured heads": ({ method = "GET", upgrade = "" }) => {
    const visitor = new StructuredVisitor(new FakeUpstream(), new StructuredRequest(method, { upgrade }), 0);
    const { connection, exchange, events } = visitor;
    connection.takes = false;
    return {
      stream: visitor.upstream.stream,
      take: (bytes) => {
        visitor.open(bytes);
        connection.drain(Math.min(bytes, connection.unsent));
      },
      leave: () => {
        connection.destroy();
        if (events.includes("switched")) connection.pump();
        exchange.abort();
      },
      timeOut: () => exchange.timeOut(),
      isOver: () => !exchange.isActive,
    };
  },
  "HTTP/1.1": (form) => http1("HTTP/1.1", form),
  "HTTP/1.0": (form) => http1("HTTP/1.0", form),
};

function http1(version: string, { method = "GET", upgrade = "" }: { method?: string; upgrade?: string }): Visit {
  const upstream = new FakeUpstream();
  const gateway = new Gateway(() => upstream.route, { proto: "http", limits: { answer: 1, stall: 1 } });
  const connection = new MemoryConnection();
  gateway.accept(connection);
  const upgradeLines = upgrade === "" ? "" : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  connection.arrive(Buffer.from(`${method} / ${version}\r\nHost: a\r\n${upgradeLines}\r\n`));
  connection.takes = false;
  return {
    stream: upstream.stream,
    take: (bytes) => connection.drain(Math.min(bytes, connection.unsent)),
    leave: () => {
      connection.destroy();
      connection.pump();
    },
    timeOut: () => {
      void gateway.drain(0);
      connection.destroy();
      connection.pump();
    },
    isOver: () => upstream.finished.length === 1,
  };
}

/** Ways in which an exchange ends after a part of the response has arrived. */
const ENDS: Record<string, (visit: Visit) => void> = {
  "the origin resets": ({ stream }) => stream.break({ cause: "broken", delivered: -1 }),
  "the origin ends": ({ stream }) => stream.finish(),
  "the origin sends bytes that are not HTTP": ({ stream }) => stream.arrive(Buffer.from("\0\0\r\n\r\n")),
  "the visitor leaves": (visit) => visit.leave(),
  "time runs out": (visit) => visit.timeOut(),
};

function pieces(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text, "latin1");
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

describe.each(Object.keys(VISITORS))("with a visitor of %s", (kind) => {
  const create = VISITORS[kind]!;
  const forms = Object.entries(FORMS).filter(([, { upgrade }]) => upgrade === undefined || kind !== "HTTP/1.0");

  test.each(forms)("every byte of a response with %s is credited once it has been sent", (_, form) => {
    for (const size of [1, 7, 1_000]) {
      for (const step of [0, 1, 1_000]) {
        const visit = create(form);
        const { stream } = visit;
        for (const piece of pieces(form.response, size)) {
          stream.arrive(piece);
          visit.take(step);
        }
        if (form.endsWithStream) stream.finish();
        for (let turn = 0; turn < 2_000 && stream.credited < stream.received; turn++) visit.take(1);
        visit.take(10_000);
        expect([stream.received, stream.credited]).toEqual([form.response.length, form.response.length]);
        if (form.upgrade === undefined) expect(visit.isOver()).toBe(true);
      }
    }
  });

  describe.each(Object.keys(ENDS))("when %s", (end) => {
    test.each(forms)("after a part of a response with %s, every byte is credited", (_, form) => {
      for (let cut = 0; cut <= form.response.length; cut++) {
        for (const taken of [0, 3]) {
          const visit = create(form);
          const { stream } = visit;
          if (cut > 0) stream.arrive(Buffer.from(form.response.slice(0, cut), "latin1"));
          visit.take(taken);
          ENDS[end]!(visit);
          visit.take(10_000);
          // A switched connection is over only when both of its ends are closed.
          if (form.upgrade !== undefined) visit.leave();
          expect([cut, stream.credited]).toEqual([cut, stream.received]);
        }
      }
    });
  });
});
