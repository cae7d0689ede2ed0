import { describe, expect, onTestFinished, test } from "vitest";
import { MemoryRelay } from "../memory-relay.suite.js";

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const HINTS = "HTTP/1.1 103 Early Hints\r\n\r\n";

/** A relay whose visitor has sent a request. */
function asked(version = "1.1"): MemoryRelay {
  const relay = new MemoryRelay();
  onTestFinished(() => relay.close());
  ask(relay, version);
  return relay;
}

function ask(relay: MemoryRelay, version = "1.1"): void {
  relay.visitor.arrive(Buffer.from(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`));
}

function answer(relay: MemoryRelay, ...pieces: string[]): string {
  for (const piece of pieces) relay.origin.send(Buffer.from(piece, "latin1"));
  return relay.visitor.take();
}

/** Exactly one response: 502 with its whole page. */
const BAD_GATEWAY = /^HTTP\/1\.1 502 (?:(?!HTTP\/1)[^])*\r\nPostern-Error: PN_ORIGIN_INVALID\r\n(?:(?!HTTP\/1)[^])*$/;

describe("a valid head whose body is malformed in the same packet is answered with 502", () => {
  test.for([
    ["a chunk size that is no number", "zz\r\n"],
    ["a valid chunk before the malformed one", "5\r\nhello\r\nzz\r\n"],
    ["a trailer that is none", "0\r\nGET / HTTP/1.1\r\n\r\n"],
    ["a bare LF in the chunk framing", "5\nhello\r\n0\r\n\r\n"],
  ] as const)("%s", ([, body]) => {
    const relay = asked();
    expect(answer(relay, HEAD + body)).toMatch(BAD_GATEWAY);
    expect([relay.visitor.state, relay.origin.state]).toEqual(["open", "reset"]);
    ask(relay);
    expect(answer(relay, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/,
    );
  });

  test("after an interim response, which has been sent", () => {
    const relay = asked();
    expect(answer(relay, HINTS)).toBe(HINTS);
    expect(answer(relay, `${HEAD}zz\r\n`)).toMatch(BAD_GATEWAY);
  });

  test("to HTTP/1.0, whose connection then ends", () => {
    const relay = asked("1.0");
    expect(answer(relay, `${HEAD}zz\r\n`)).toMatch(BAD_GATEWAY);
    expect(relay.visitor.state).toBe("end");
  });
});

test("once the head has been sent, a malformed body breaks the connection", () => {
  const relay = asked();
  expect(answer(relay, HEAD)).toContain("200 OK");
  expect(answer(relay, "zz\r\n")).toBe("");
  expect([relay.visitor.state, relay.origin.state]).toEqual(["reset", "reset"]);
});
