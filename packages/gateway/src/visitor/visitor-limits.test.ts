import { describe, expect, test } from "vitest";
import { Visit } from "./visits.suite.js";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
const SMALL = { headSize: { bytes: 1_000, fields: 10 } };
const LARGE = { headSize: { bytes: 60_000, fields: 500 } };

const value = (bytes: number): string => `X: ${"x".repeat(bytes)}\r\n`;
const lines = (count: number): string => "X: 1\r\n".repeat(count);

/** The status that the visitor receives last. */
function status(visit: Visit): string | undefined {
  return visit.connection.take().match(/^HTTP\/1\.1 ([0-9]+) /)?.[1];
}

describe("head_bytes and head_fields", () => {
  const SIZES: [string, string, "within" | "beyond", "within" | "beyond", "within" | "beyond"][] = [
    ["1,500 bytes", value(1_500), "beyond", "within", "within"],
    ["40,000 bytes", value(40_000), "beyond", "beyond", "within"],
    ["61,000 bytes", value(61_000), "beyond", "beyond", "beyond"],
    ["20 fields", lines(20), "beyond", "within", "within"],
    ["300 fields", lines(300), "beyond", "beyond", "within"],
    ["501 fields", lines(501), "beyond", "beyond", "beyond"],
  ];
  const SETTINGS = [SMALL, {}, LARGE];

  test.each(SIZES)("limit the head of a request: %s", (_, fields, ...expected) => {
    for (const [index, limits] of SETTINGS.entries()) {
      const visit = new Visit(limits);
      visit.send(GET.replace("\r\n\r\n", `\r\n${fields}\r\n`));
      if (expected[index] === "within") expect(visit.upstream.stream.text).toContain(fields);
      else expect(status(visit)).toBe("431");
    }
  });

  test.each(SIZES)("limit the head of a response, in one piece or many: %s", (_, fields, ...expected) => {
    for (const [index, limits] of SETTINGS.entries()) {
      for (const size of [100_000, 999]) {
        const visit = new Visit(limits);
        visit.send(GET);
        const response = `HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`;
        for (let at = 0; at < response.length; at += size) visit.respond(response.slice(at, at + size));
        expect(status(visit)).toBe(expected[index] === "within" ? "200" : "502");
      }
    }
  });

  test.each(SIZES)("limit the trailers of a request: %s", (_, fields, ...expected) => {
    for (const [index, limits] of SETTINGS.entries()) {
      const visit = new Visit(limits);
      visit.send(`${CHUNKED}${fields}\r\n`);
      if (expected[index] === "within") expect(visit.upstream.stream.text).toContain(fields);
      else expect(status(visit)).toBe("431");
    }
  });

  test.each(SIZES)("limit the trailers of a response: %s", (_, fields, ...expected) => {
    for (const [index, limits] of SETTINGS.entries()) {
      const visit = new Visit(limits);
      visit.send(GET);
      visit.respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
      visit.respond(`0\r\n${fields}\r\n`);
      expect(visit.connection.state).toBe(expected[index] === "within" ? "open" : "reset");
    }
  });
});

test.each([0, 1, 16])("interim_responses limits them: %i", (interim) => {
  for (const more of [0, 1]) {
    const visit = new Visit({ interim });
    visit.send(GET);
    visit.respond("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(interim + more));
    visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect(visit.connection.take()).toMatch(more === 0 ? /HTTP\/1\.1 200 OK/ : /HTTP\/1\.1 502 /);
  }
});

describe("replay_body", () => {
  const sentAgain = (replay: number, bytes: number): boolean => {
    const visit = new Visit({ replay });
    visit.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`);
    visit.upstream.stream.break({ cause: "gone", delivered: -1 });
    const { streams, stream } = visit.upstream;
    return streams.length === 2 && stream.text.endsWith("x".repeat(bytes));
  };

  test.each([0, 100, 65_536])("limits the body of a request that is sent again: %i", (replay) => {
    expect([sentAgain(replay, replay), sentAgain(replay, replay + 1)]).toEqual([true, false]);
  });
});
