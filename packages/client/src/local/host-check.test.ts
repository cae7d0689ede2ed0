import { describe, expect, test } from "vitest";
import { hostCheckOf, mayRefuseHost } from "./host-check.js";

describe("a refusal of the host", () => {
  test.for([
    ["Vite", "403 Forbidden", 'Blocked request. This host ("a.example") is not allowed.\nTo allow this host, add …'],
    ["webpack-dev-server", "403 Forbidden", "Invalid Host header"],
    ["webpack-dev-server", "200 OK", "Invalid Host header"],
    ["Rails", "403 Forbidden", "<header><h1>Blocked hosts: a.example</h1></header>"],
    ["Rails", "403 Forbidden", "Blocked host: a.example"],
    ["Django", "400 Bad Request", "<title>DisallowedHost\n          at /</title>"],
    ["Jupyter", "403 Forbidden", "Blocking request with non-local 'Host' a.example"],
    ["Storybook", "403 Forbidden", "Invalid host"],
  ] as const)("of %s", ([software, status, body]) => {
    const response = `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect([mayRefuseHost(Buffer.from(response)), hostCheckOf(response)]).toEqual([true, software]);
  });
});

test.for([
  "HTTP/1.1 200 OK\r\n\r\n",
  "HTTP/1.1 200 OK\r\n\r\nAbout the Invalid Host header.",
  "HTTP/1.1 404 Not Found\r\n\r\n",
  "HTTP/1.1 4",
  "",
  "\u0016\u0003\u0001",
])("%j cannot be one", (text) => expect(mayRefuseHost(Buffer.from(text, "latin1"))).toBe(false));

test("another 403 is none", () => {
  expect(hostCheckOf("HTTP/1.1 403 Forbidden\r\n\r\nYou may not see this page.")).toBeUndefined();
});
