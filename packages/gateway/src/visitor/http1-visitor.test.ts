import { describe, expect, onTestFinished, test, vi } from "vitest";
import { refusals } from "../http/index.js";
import type { Router } from "../route.js";
import { Visit } from "./visits.suite.js";

test("OPTIONS that may pass no proxy is answered here, with or without a body, and reaches no origin", () => {
  const visit = new Visit();
  const { connection, upstream } = visit;
  visit.send("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nAccept: application/json\r\n\r\n");
  expect(connection.take()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Max-Forwards/);
  visit.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nContent-Length: 1\r\n\r\n");
  expect(connection.take()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n/);
  expect(upstream.streams).toEqual([]);
});

test("a head in one-byte pieces is copied a few times, not once for every piece", () => {
  const concat = vi.spyOn(Buffer, "concat");
  const allocate = vi.spyOn(Buffer, "allocUnsafe");
  onTestFinished(() => void vi.restoreAllMocks());
  const visit = new Visit();
  const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(30_000)}\r\n\r\n`;
  for (const byte of head) visit.send(byte);
  expect(visit.upstream.stream.text).toContain("x".repeat(30_000));
  visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  expect(concat.mock.calls.length + allocate.mock.calls.length).toBeLessThan(50);
  for (const byte of head.replace("/", "/next")) visit.send(byte);
  expect(visit.upstream.stream.text).toContain("GET /next ");
});

test("requests in one-byte pieces that arrive during a response are read after it", () => {
  const visit = new Visit();
  const next = ["/b", "/c"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");
  visit.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const byte of `${next}GET /d HT`) visit.send(byte);
  for (let count = 0; count < 3; count++) visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  for (const byte of "TP/1.1\r\nHost: a\r\n\r\n") visit.send(byte);
  const text = visit.upstream.streams.map((stream) => stream.text).join("");
  expect(text.match(/GET \S+/g)).toEqual(["GET /a", "GET /b", "GET /c", "GET /d"]);
});

test("a visitor that writes the gateway's own id into CDN-Loop stops only its own request", () => {
  const visit = new Visit();
  const { connection, upstream } = visit;
  visit.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const id = /\r\nCDN-Loop: (\S+)\r\n/.exec(upstream.stream.text)?.[1];
  upstream.stream.arrive(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  connection.take();
  visit.send(
    `GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: ${id},${id}\r\nCdn-Loop: ${id}, ${id}\r\nConnection: cdn-loop\r\n\r\n`,
  );
  expect(connection.take()).toMatch(/^HTTP\/1\.1 508 Loop Detected\r\n[^]*\r\nPostern-Error: PN_ORIGIN_LOOP\r\n/);
  visit.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(upstream.stream.text).toContain("GET /next ");
});

test("a cookie for all tunnels is dropped, in interim responses too, and the stream is used again", () => {
  const visit = new Visit();
  const { connection, upstream } = visit;
  visit.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const cookies = "Set-Cookie: a=1\r\nSet-Cookie: b=2; Domain=example.com\r\n";
  upstream.stream.arrive(Buffer.from(`HTTP/1.1 103 Hints\r\n${cookies}\r\n`));
  upstream.stream.arrive(Buffer.from(`HTTP/1.1 200 OK\r\n${cookies}Content-Length: 0\r\n\r\n`));
  expect(connection.take().match(/Set-Cookie.*/g)).toEqual(["Set-Cookie: a=1", "Set-Cookie: a=1"]);
  visit.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(upstream.streams).toHaveLength(1);
});

describe("a head that is too large because of its cookies", () => {
  const BOMB = `Cookie: ${"a=1; ".repeat(8_000)}\r\n`;
  const unknown: Router = () => ({ kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN });
  const request = (cookies: string): string =>
    `GET / HTTP/1.1\r\nHost: a\r\n${cookies}Accept: application/json\r\n${cookies}\r\nGET /next`;
  const NOT_FOUND = /^HTTP\/1\.1 404 [^]*\r\nContent-Type: application\/json[^]*\r\nConnection: close\r\n/;

  test("gets a page of our own, whole or in pieces, and the connection closes", () => {
    const whole = new Visit({}, unknown);
    whole.send(request(BOMB));
    expect(whole.connection.take()).toMatch(NOT_FOUND);
    expect(whole.connection.state).toBe("end");
    const pieces = new Visit({}, unknown);
    for (const piece of request(BOMB).match(/[^]{1,777}/g) ?? []) pieces.send(piece);
    expect(pieces.connection.take()).toMatch(NOT_FOUND);
  });

  test("does not reach a service", () => {
    const visit = new Visit();
    const { connection, upstream } = visit;
    visit.send(request(BOMB));
    expect(connection.take()).toMatch(/^HTTP\/1\.1 431 [^]*\r\nContent-Type: application\/json/);
    expect(upstream.streams).toEqual([]);
  });

  test("is routed once", () => {
    let routed = 0;
    const visit = new Visit({}, (...routing) => (routed++, unknown(...routing)));
    visit.send(request(BOMB));
    expect(routed).toBe(1);
  });

  test("is refused like any other head for what is wrong with the rest of it", () => {
    const answer = (text: string): string => {
      const visit = new Visit({}, unknown);
      visit.send(text);
      return visit.connection.take().slice(0, 12);
    };
    expect(answer(request(BOMB).replace("Accept:", "Accept :"))).toBe("HTTP/1.1 400");
    expect(answer(request(BOMB).replace("; \r\n", ";\n"))).toBe("HTTP/1.1 400");
    expect(answer(request(BOMB).replace("Accept:", `X: ${"x".repeat(40_000)}\r\nAccept:`))).toBe("HTTP/1.1 431");
    expect(answer(request(BOMB.repeat(30)))).toBe("HTTP/1.1 431");
  });

  test("has as much time as any other head", () => {
    const visit = new Visit({ head: 2_000 }, unknown);
    visit.send(request(BOMB).slice(0, 50_000));
    visit.pass(1_000);
    visit.send("a=1; ");
    visit.pass(1_050);
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 408 [^]*\r\nContent-Type: application\/json/);
  });
});
