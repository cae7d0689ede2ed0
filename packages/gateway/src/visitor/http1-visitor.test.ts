import { expect, test } from "vitest";
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
