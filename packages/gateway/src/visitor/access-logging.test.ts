import { describe, expect, test } from "vitest";
import { AccessLog } from "../access-log/access-log.js";
import { DoublingFilter } from "../filters/scripted-filters.suite.js";
import { refusals } from "../http/index.js";
import { QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import type { AccessLogger, Route } from "../route.js";
import { Visit } from "./visits.suite.js";

/** A visit whose requests are logged, unless their route says otherwise. */
function logged(router?: (visit: Visit, path: string) => Route): { visit: Visit; lines: string[]; log: AccessLogger } {
  const lines: string[] = [];
  const log = new AccessLog({ format: "json", output: "" }, { write: (line) => void lines.push(line) }).of(() => ({}));
  const visit: Visit = new Visit({}, (head) => router?.(visit, head.path) ?? visit.upstream.route, log);
  return { visit, lines, log };
}

const entry = (line: string | undefined): Record<string, unknown> => JSON.parse(line ?? "") as Record<string, unknown>;
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("a request is logged once", () => {
  test("when its response is complete", () => {
    const { visit, lines } = logged();
    visit.send(REQUEST);
    expect(lines).toEqual([]);
    visit.respond(RESPONSE);
    expect(lines.map(entry)).toMatchObject([{ status: 200, bytes_out: 2, ended: "complete" }]);
    visit.send(REQUEST);
    visit.respond(RESPONSE);
    expect(lines).toHaveLength(2);
  });

  test("if its visitor leaves", () => {
    const { visit, lines } = logged();
    visit.send(REQUEST);
    visit.connection.arrive("end");
    expect(lines.map(entry)).toMatchObject([{ status: 499, ended: "visitor_left" }]);
  });

  test("with the size of the page, if the gateway responds; the next one has its own size", () => {
    const { visit, lines } = logged((_, path) =>
      path === "/text" ? { kind: "respond", page: { status: 200, text: "hello" } } : visit.upstream.route,
    );
    visit.send("GET /text HTTP/1.1\r\nHost: a\r\n\r\n");
    visit.send("HEAD /text HTTP/1.1\r\nHost: a\r\n\r\n");
    visit.send(REQUEST);
    visit.respond(RESPONSE);
    expect(lines.map((line) => entry(line)["bytes_out"])).toEqual([5, 0, 2]);
  });

  test("if its body cannot be changed, so that it reaches no target", () => {
    const { visit, lines } = logged();
    const filter = new DoublingFilter({ isWhole: true });
    visit.upstream.route.steps = stepsOf(
      new QuickStep((request) => {
        request.changeBody(() => filter);
        return undefined;
      }),
    );
    visit.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    filter.fail();
    expect(visit.upstream.streams).toEqual([]);
    expect(lines.map(entry)).toMatchObject([{ method: "POST", status: 502, code: "PN_ORIGIN_INVALID" }]);
  });

  test("with nothing of a page whose route is not logged", () => {
    const { visit, lines } = logged((_, path) =>
      path === "/quiet"
        ? { kind: "respond", page: { status: 200, text: "hello" }, accessLog: null }
        : visit.upstream.route,
    );
    visit.send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n");
    visit.send(REQUEST);
    visit.respond(RESPONSE);
    expect(lines.map((line) => entry(line)["bytes_out"])).toEqual([2]);
  });

  test("by the log of its route, if that has one", () => {
    const own: number[] = [];
    const accessLog: AccessLogger = { add: ({ status }) => void own.push(status) };
    const { visit, lines } = logged(() => ({ kind: "refusal", refusal: refusals.PN_ROUTE_UNKNOWN, accessLog }));
    visit.send(REQUEST);
    expect([own, lines]).toEqual([[404], []]);
  });
});

describe("a head that is not valid", () => {
  test("has a line with what is known of it, and nothing of an earlier request", () => {
    const { visit, lines } = logged();
    visit.send("GET /first?token=canary HTTP/1.1\r\nHost: first\r\nUser-Agent: first\r\n\r\n");
    visit.respond(RESPONSE);
    visit.send("GET /second HTTP/1.1\r\nHost: a\r\nUser-Agent: second\r\nbad line\r\n\r\n");
    expect(lines).toHaveLength(2);
    const found = entry(lines[1]);
    expect(found).toMatchObject({ method: "GET", path: "/second", status: 400, ended: "refused" });
    expect(lines[1]).not.toMatch(/first|canary/);
  });

  test("is one valid line, whatever its bytes are", () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      const heads = [
        `${character}ET / HTTP/1.1\r\nHost: a\r\n\r\n`,
        `GET /${character} HTTP/1.1\r\nHost: a\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: a${character}\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a${character}b\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\nReferer: a${character}b\r\n\r\n`,
      ];
      for (const head of heads) {
        const { visit, lines } = logged();
        visit.connection.arrive(Buffer.from(head, "latin1"));
        if (visit.upstream.streams.length > 0) visit.respond(RESPONSE);
        // A line feed in place of a method is an empty line, after which the gateway waits for more.
        expect(lines.length, JSON.stringify(head)).toBeLessThanOrEqual(1);
        for (const line of lines) expect(Object.keys(entry(line)).length).toBeGreaterThan(5);
        expect(lines.join("")).toMatch(/^[ -~]*$/);
      }
    }
  });

  test("that is too slow has a line as well", () => {
    const { visit, lines } = logged();
    visit.send("GET /slow HTTP/1.1\r\nHost: a");
    visit.pass(60_000);
    expect(lines.map(entry)).toMatchObject([{ path: "/slow", status: 408 }]);
  });
});
