import { expect, test } from "vitest";
import { QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import { Visit } from "../visitor/visits.suite.js";
import type { ResponseFilter } from "../filters/response-filter.js";
import { DoublingFilter } from "../filters/scripted-filters.suite.js";
import { read } from "./read-response.suite.js";

/** A visit to a route whose responses pass these filters. */
function filtered(...filters: ResponseFilter[]): Visit {
  const visit = new Visit();
  visit.upstream.route.steps = stepsOf(
    new QuickStep((request) => {
      for (const filter of filters) request.filter(filter);
      return undefined;
    }),
  );
  return visit;
}

const get = (version = "1.1", method = "GET"): string => `${method} / HTTP/${version}\r\nHost: a.test\r\n\r\n`;

const BODIES = [
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"],
  ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n"],
  ["the end of the connection", "HTTP/1.1 200 OK\r\n\r\nabcdef"],
] as const;

test.each(BODIES)("a body that ends with %s is coded, wherever it is cut", (_, response) => {
  for (let cut = 1; cut <= response.length; cut++) {
    const visit = filtered(new DoublingFilter());
    visit.send(get());
    visit.respond(response.slice(0, cut));
    if (cut < response.length) visit.respond(response.slice(cut));
    visit.upstream.stream.finish();
    const { head, body } = read(visit.connection.take());
    expect(body).toBe("aabbccddeeff");
    expect(head).toContain("transfer-encoding: chunked");
    expect(head).not.toContain("content-length");
    expect(visit.upstream.finished).toEqual([{ status: 200, bytesIn: 0, bytesOut: 6 }]);
    expect(visit.upstream.stream.credited).toBe(response.length);
  }
});

test("a filter that needs the whole body sends its length", () => {
  for (const [, response] of BODIES) {
    const visit = filtered(new DoublingFilter({ isWhole: true }));
    visit.send(get());
    visit.respond(response.slice(0, -1));
    expect(visit.connection.take()).toBe("");
    visit.respond(response.slice(-1));
    visit.upstream.stream.finish();
    const { head, body } = read(visit.connection.take());
    expect(body).toBe("aabbccddeeff");
    expect(head).toContain("content-length: 12\r\n");
    expect(head).not.toContain("transfer-encoding");
  }
});

test.each([
  ["1.1", true],
  ["1.1", false],
  ["1.0", true],
  ["1.0", false],
] as const)("an empty body that is coded has a head in HTTP/%s (whole: %s)", (version, isWhole) => {
  const visit = filtered(new DoublingFilter({ isWhole }));
  visit.send(get(version));
  visit.respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  const { head, body } = read(visit.connection.take());
  expect(head).toMatch(/^http\/1\.1 200 ok\r\n/);
  expect(head.includes("content-length: 0")).toBe(isWhole);
  expect(body).toBe("");
  expect(visit.upstream.finished).toHaveLength(1);
});

test("a visitor of HTTP/1.0 gets bare data and the end of the connection", () => {
  const visit = filtered(new DoublingFilter());
  visit.send(get("1.0").replace("Host", "Connection: keep-alive\r\nHost"));
  visit.respond(BODIES[1][1]);
  const { head, body } = read(visit.connection.take());
  expect(body).toBe("aabbccddeeff");
  expect(head).toMatch(/connection: close/);
  expect(head).not.toMatch(/transfer-encoding|content-length/);
});

test("several filters work one after another", () => {
  const visit = filtered(new DoublingFilter(), new DoublingFilter({ isWhole: true }));
  visit.send(get());
  visit.respond(BODIES[1][1]);
  expect(read(visit.connection.take())).toMatchObject({ body: "aaaabbbbccccddddeeeeffff" });
});

test("trailers of the target follow the coded body", () => {
  const visit = filtered(new DoublingFilter());
  visit.send(get().replace("Host", "TE: trailers\r\nConnection: TE\r\nHost"));
  visit.respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n");
  expect(visit.connection.take()).toMatch(/2\r\naa\r\n0\r\nX-Sum: 1\r\n\r\n$/);
});

test.each([
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"],
  ["GET", "HTTP/1.1 304 Not Modified\r\n\r\n"],
  ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
])("a response without a body to %s is not coded, but its head is filtered: %j", (method, response) => {
  const edit = (head: Parameters<ResponseFilter["begin"]>[0]): void => {
    head.add("Vary: X");
    head.drop("etag");
  };
  const visit = filtered(new DoublingFilter({ edit }));
  visit.send(get("1.1", method));
  visit.respond(response.replace("\r\n", '\r\nETag: "a"\r\n'));
  const { head, body } = read(visit.connection.take());
  expect(body).toBe("");
  expect(head).toContain("vary: x");
  expect(head).not.toContain("etag");
  expect(head.includes("content-length")).toBe(response.includes("Content-Length"));
  visit.send(get());
  visit.respond(BODIES[0][1]);
  expect(read(visit.connection.take()).body).toBe("aabbccddeeff");
});

test("a body that ends with the connection keeps that end if no filter codes it", () => {
  const visit = filtered({
    begin(head) {
      head.add("Vary: X");
      return undefined;
    },
  });
  visit.send(get());
  visit.respond(BODIES[2][1]);
  visit.upstream.stream.finish();
  const { head, body } = read(visit.connection.take());
  expect(body).toBe("abcdef");
  expect(head).toContain("vary: x\r\n");
  expect(head).toContain("connection: close");
});

test("the head of a stream is sent before its first event", () => {
  const visit = filtered(new DoublingFilter());
  visit.send(get());
  visit.respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  visit.respond("1\r\na\r\n");
  expect(visit.connection.take()).toBe("2\r\naa\r\n");
  visit.respond("0\r\n\r\n");
  expect(visit.connection.take()).toBe("0\r\n\r\n");
});

test("the next request waits until a slow filter has coded everything", () => {
  const filter = new DoublingFilter({ isSlow: true });
  const visit = filtered(filter);
  visit.send(get());
  visit.respond(BODIES[0][1]);
  visit.send(get());
  expect(visit.upstream.finished).toEqual([]);
  filter.work();
  expect(read(visit.connection.take()).body).toBe("aabbccddeeff");
  expect(visit.upstream.finished).toHaveLength(1);
  expect(filter.closed).toBe(1);
  visit.respond(BODIES[0][1]);
  filter.work();
  expect(read(visit.connection.take()).body).toBe("aabbccddeeff");
});

test("the target waits while the filter has not taken its bytes, and while the visitor does not read", () => {
  const filter = new DoublingFilter({ isSlow: true });
  const visit = filtered(filter);
  visit.send(get());
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
  visit.respond(head + "x".repeat(1_000));
  const { stream } = visit.upstream;
  expect(stream.credited).toBe(head.length);
  filter.work();
  expect(stream.credited).toBe(head.length + 1_000);
  visit.connection.takes = false;
  visit.respond("x".repeat(200_000));
  filter.work();
  expect(stream.credited).toBe(head.length + 1_000);
  visit.connection.drain();
  expect(stream.credited).toBe(head.length + 201_000);
});

test("the credit of a byte is kept until the filter has coded everything, because it may be the last one", () => {
  for (const [lines, last] of [
    ["Content-Length: 10\r\n", 5],
    ["", 0],
  ] as const) {
    const filter = new DoublingFilter({ isSlow: true });
    const visit = filtered(filter);
    visit.send(get());
    const head = `HTTP/1.1 200 OK\r\n${lines}\r\n`;
    const { stream } = visit.upstream;
    visit.respond(`${head}01234`);
    filter.work();
    // A file continues only when all of its bytes so far have been sent.
    expect(stream.credited).toBe(head.length + (last > 0 ? 5 : 4));
    visit.respond("x".repeat(last));
    if (last === 0) stream.finish();
    if (last > 0) filter.work(1);
    expect(stream.credited).toBe(head.length + 4 + last);
    filter.work();
    expect(stream.credited).toBe(head.length + 5 + last);
  }
});

test("a filter that fails before any byte was sent leads to a page, and later to a response that breaks off", async () => {
  const filter = new DoublingFilter({ isWhole: true });
  const visit = filtered(filter);
  visit.send(get());
  visit.respond(BODIES[0][1].slice(0, -1));
  filter.fail();
  await new Promise(setImmediate);
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 502 /);
  expect(visit.upstream.ends).toEqual(["refused PN_ORIGIN_INVALID"]);

  const other = new DoublingFilter();
  const second = filtered(other);
  second.send(get());
  second.respond(BODIES[0][1].slice(0, -1));
  other.fail();
  await new Promise(setImmediate);
  expect(read(`${second.connection.take()}0\r\n\r\n`).body).toBe("aabbccddee");
  expect(second.connection.state).toBe("reset");
});

test("a visitor that leaves ends the work of its filters", () => {
  const filter = new DoublingFilter({ isSlow: true });
  const visit = filtered(filter);
  visit.send(get());
  visit.respond(BODIES[0][1].slice(0, -1));
  visit.connection.destroy();
  visit.connection.pump();
  expect(filter.closed).toBe(1);
  filter.work();
  expect(visit.upstream.finished).toHaveLength(1);
});

test("fields that steps remove are removed from every response, and those that they set replace them", () => {
  const visit = new Visit();
  visit.upstream.route.steps = stepsOf(
    new QuickStep((request) => {
      request.edit({ names: [], lines: "", responseNames: ["server", "x-a"], responseLines: "X-A: ours\r\n" });
      request.filter(new DoublingFilter());
      return undefined;
    }),
  );
  visit.send(get());
  visit.respond(BODIES[0][1].replace("\r\n", "\r\nServer: x\r\nX-a: 2\r\nX-B: 3\r\n"));
  const { head } = read(visit.connection.take());
  expect(head).not.toMatch(/server|x-a: 2/);
  expect(head).toMatch(/x-a: ours\r\n/);
  expect(head).toMatch(/x-b: 3\r\n/);
});
