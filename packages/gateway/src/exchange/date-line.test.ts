import { describe, expect, onTestFinished, test } from "vitest";
import { MemoryRelay } from "../memory-relay.suite.js";
import { DateLine } from "./date-line.js";

test("the line changes with the second, also when the clock is set back", () => {
  let now = Date.UTC(2026, 10, 22, 22, 3, 0, 250);
  const date = new DateLine(() => now);
  expect(date.lines).toBe("Date: Sun, 22 Nov 2026 22:03:00 GMT\r\n");
  now += 749;
  expect(date.lines).toBe("Date: Sun, 22 Nov 2026 22:03:00 GMT\r\n");
  now += 1;
  expect(date.lines).toBe("Date: Sun, 22 Nov 2026 22:03:01 GMT\r\n");
  now -= 3_600_000;
  expect(date.lines).toBe("Date: Sun, 22 Nov 2026 21:03:01 GMT\r\n");
});

/** The values of Date in the responses to a request. */
function dates(response: string, fields = ""): string[] {
  const relay = new MemoryRelay();
  onTestFinished(() => relay.close());
  relay.visitor.arrive(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`));
  relay.origin.send(Buffer.from(response));
  const text = relay.visitor.take();
  expect(text).toMatch(/^HTTP\/1\.1 /);
  return [...text.matchAll(/^Date:(.*)\r$/gm)].map(([, value = ""]) => value.trim());
}

const OURS = [expect.stringMatching(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/)];

describe("a response has exactly one Date", () => {
  test.for<[string, string, unknown[]]>([
    ["the origin's", "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 0\r\n\r\n", ["then"]],
    ["ours if the origin sends none", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", OURS],
    ["ours in an error", "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", OURS],
    ["ours without content", "HTTP/1.1 304 Not Modified\r\n\r\n", OURS],
    ["ours in HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", OURS],
    ["ours after a repair", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", OURS],
    [
      "ours if Connection removes the origin's",
      "HTTP/1.1 200 OK\r\nDate: then\r\nConnection: date\r\nContent-Length: 0\r\n\r\n",
      OURS,
    ],
    [
      "in the final response only",
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      OURS,
    ],
  ])("%s", ([, response, expected]) => {
    expect(dates(response)).toEqual(expected);
  });

  test("but none is added to a switch of protocols", () => {
    const upgrade = "Connection: Upgrade\r\nUpgrade: chat\r\n";
    expect(dates(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n`, upgrade)).toEqual([]);
  });
});
