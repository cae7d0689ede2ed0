import { describe, expect, test } from "vitest";
import type { RouteLimits } from "../limits.js";
import { Visit } from "./visits.suite.js";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const NONE: RouteLimits = { answer: 0, idle: 0, body: 0 };

/** A visit on a gateway with stricter limits, to a route with `limits`. */
function visit(limits: Partial<RouteLimits>): Visit {
  const result = new Visit({ answer: 500, body: 10 });
  result.upstream.route.limits = { ...NONE, ...limits };
  return result;
}

/** The status of the response, and whether the connection was cut off. */
const outcome = (result: Visit): string => {
  const status = /^HTTP\/1\.1 ([0-9]+) /.exec(result.connection.take())?.[1] ?? "none";
  return result.connection.state === "reset" ? `${status} reset` : status;
};

describe("the answer limit of a route", () => {
  test("replaces the gateway's, and ends with the response's head", () => {
    const slow = visit({ answer: 2_000 });
    slow.send(GET);
    slow.pass(1_900);
    slow.respond(CHUNKED);
    slow.pass(60_000);
    expect(outcome(slow)).toBe("200");
    const silent = visit({ answer: 2_000 });
    silent.send(GET);
    silent.pass(2_100);
    expect(outcome(silent)).toBe("504");
  });

  test("does not count while a body moves", () => {
    const result = visit({ answer: 2_000 });
    result.send(`${POST}Content-Length: 9\r\n\r\n`);
    for (let n = 0; n < 8; n++) {
      result.pass(1_500);
      result.send("x");
    }
    result.send("x");
    result.pass(1_900);
    expect(outcome(result)).toBe("none");
    result.pass(200);
    expect(outcome(result)).toBe("504");
  });
});

describe.each([500, 5_000, 60_000])("an idle limit of %i ms", (idle) => {
  /** The limit is kept to a sixteenth, or a second. */
  const late = Math.min(1_000, idle / 16) + 50;

  test("ends a response that stops, however long it moved before", () => {
    const result = visit({ idle });
    result.send(GET);
    result.respond(CHUNKED);
    for (let n = 0; n < 10; n++) {
      result.pass(idle - 100);
      result.respond("1\r\nx\r\n");
    }
    expect(outcome(result)).toBe("200");
    const passed = result.timeUntil(() => result.connection.state === "reset");
    expect(passed).toBeGreaterThanOrEqual(idle - 20);
    expect(passed).toBeLessThan(idle + late);
    expect(result.upstream.ends).toEqual(["timeout PN_ORIGIN_TIMEOUT"]);
  });

  test("does not end a response while its request's body moves", () => {
    const result = visit({ idle });
    result.send(`${POST}Transfer-Encoding: chunked\r\n\r\n`);
    result.respond(CHUNKED);
    for (let n = 0; n < 10; n++) {
      result.pass(idle - 100);
      result.send("1\r\nx\r\n");
    }
    expect(outcome(result)).toBe("200");
  });

  test.each([
    ["an event stream", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"],
    ["with parameters", "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;charset=utf-8\r\n\r\n"],
    ["a response that has not begun", ""],
  ])("does not end %s", (_, response) => {
    const result = visit({ idle });
    result.send(GET);
    result.respond(response);
    result.pass(20 * idle);
    expect(outcome(result)).toBe(response === "" ? "none" : "200");
  });

  test("does not end an upgraded connection", () => {
    const result = visit({ idle });
    result.send(GET.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"));
    result.respond("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    result.pass(20 * idle);
    expect(outcome(result)).toBe("101");
  });

  test("does not count while the visitor has to read", () => {
    const result = visit({ idle });
    result.send(GET);
    result.connection.takes = false;
    result.respond(`${CHUNKED}1\r\nx\r\n`);
    result.pass(3 * idle);
    result.connection.takes = true;
    result.connection.drain();
    result.pass(idle - 100);
    expect(outcome(result)).toBe("200");
    expect(result.timeUntil(() => result.connection.state === "reset")).toBeLessThan(100 + late);
  });

  test("ends a request whose origin reads nothing of its body", () => {
    const result = visit({ idle });
    result.send(`${POST}Content-Length: 100\r\n\r\n`);
    result.upstream.stream.isFull = true;
    result.send("x");
    const passed = result.timeUntil(() => result.connection.take().startsWith("HTTP/1.1 504"));
    expect(passed).toBeGreaterThanOrEqual(idle);
    expect(passed).toBeLessThan(idle + late);
  });
});

describe("the body limit of a route", () => {
  test.each([
    [20, 20, 0],
    [20, 21, 413],
    [0, 100_000, 0],
  ])("%i lets %i bytes pass: %i", (body, bytes, status) => {
    const content = "x".repeat(bytes);
    for (const framed of [
      `Content-Length: ${bytes}\r\n\r\n${content}`,
      `Transfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${content}\r\n0\r\n\r\n`,
    ]) {
      const result = visit({ body });
      result.send(`${POST}${framed}`);
      expect(outcome(result)).toBe(status === 0 ? "none" : String(status));
    }
  });

  test("holds for its requests only", () => {
    const result = visit({ body: 20 });
    result.send(`${POST}Content-Length: 15\r\n\r\n${"x".repeat(15)}`);
    result.respond("HTTP/1.1 204 No Content\r\n\r\n");
    result.connection.take();
    result.upstream.route.limits = undefined;
    result.send(`${POST}Content-Length: 15\r\n\r\n${"x".repeat(15)}`);
    expect(outcome(result)).toBe("413");
  });
});
