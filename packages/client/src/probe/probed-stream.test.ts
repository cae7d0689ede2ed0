import type { Stream, StreamHandler } from "@postern/protocol";
import { expect, test } from "vitest";
import { ProbedStream } from "./probed-stream.js";

/** A stream that records the calls of its methods. */
class FakeStream {
  handler!: StreamHandler;
  over = false;
  written = "";
  ended = false;
  consumedBytes = 0;

  write(chunk: Buffer): boolean {
    this.written += chunk.toString("latin1");
    return true;
  }
  end(): void {
    this.ended = true;
  }
  reset(code: string): void {
    this.written += `reset ${code}`;
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
}

/** A stream that is marked as a probe. A head with `ours` is the client's own probe. */
function probed(isGuarded = false): { stream: FakeStream; relayed: string[]; closed: () => number } {
  const stream = new FakeStream();
  const relayed: string[] = [];
  let closed = 0;
  new ProbedStream(stream as unknown as Stream, {
    respond: (head) => (head.includes("ours") ? "HTTP/1.1 204 No Content\r\n\r\n" : undefined),
    relay: () => {
      if (isGuarded) return undefined;
      const handler: StreamHandler = {
        onData: (chunk) => relayed.push(chunk.toString("latin1")),
        onEnd: () => relayed.push("end"),
        onReset: () => relayed.push("reset"),
        onDrain() {},
      };
      stream.handler = handler;
      return handler;
    },
    onClosed: () => closed++,
  });
  return { stream, relayed, closed: () => closed };
}

const feed = ({ handler }: FakeStream, text: string): void => handler.onData(Buffer.from(text, "latin1"));
const pieces = (stream: FakeStream, text: string): void => {
  for (const letter of text) feed(stream, letter);
};

test("the client's own probe gets its response, in one piece or many, and its bytes are consumed", () => {
  for (const send of [feed, pieces]) {
    const { stream, relayed, closed } = probed();
    send(stream, "GET / HTTP/1.1\r\nours: 1\r\n\r\n");
    expect([stream.written, stream.ended, stream.consumedBytes, relayed]).toEqual([
      "HTTP/1.1 204 No Content\r\n\r\n",
      true,
      "GET / HTTP/1.1\r\nours: 1\r\n\r\n".length,
      [],
    ]);
    feed(stream, "more");
    expect(stream.consumedBytes).toBe("GET / HTTP/1.1\r\nours: 1\r\n\r\nmore".length);
    stream.over = true;
    stream.handler.onEnd();
    expect(closed()).toBe(1);
  }
});

test("any other request is relayed with every byte, also those after its head", () => {
  for (const send of [feed, pieces]) {
    const { stream, relayed, closed } = probed();
    const text = "GET / HTTP/1.1\r\nPostern-Probe: forged\r\n\r\nand a body";
    send(stream, text);
    stream.handler.onEnd();
    expect([relayed.join(""), stream.written, stream.consumedBytes, closed()]).toEqual([`${text}end`, "", 0, 0]);
  }
});

test("a request without the end of a head is relayed", () => {
  const { stream, relayed } = probed();
  const endless = "x".repeat(20_000);
  pieces(stream, endless);
  expect(relayed.join("")).toBe(endless);
  const short = probed();
  feed(short.stream, "GET");
  short.stream.handler.onEnd();
  expect(short.relayed).toEqual(["GET", "end"]);
});

test("a stream that is reset before its head is complete is closed", () => {
  const { stream, relayed, closed } = probed();
  feed(stream, "GET / HT");
  stream.handler.onReset({ code: "PN_CANCELLED", cause: "broken", delivered: 0 });
  expect([relayed, closed()]).toEqual([[], 1]);
});

test("another request is refused if the tunnel admits only some visitors", () => {
  for (const send of [feed, pieces]) {
    const { stream, relayed, closed } = probed(true);
    send(stream, "GET / HTTP/1.1\r\ntheirs: 1\r\n\r\n");
    stream.handler.onEnd();
    expect([stream.written, relayed, closed()]).toEqual(["reset PN_UNSUPPORTED", [], 1]);
  }
  const { stream, closed } = probed(true);
  feed(stream, "GET / HT");
  stream.handler.onEnd();
  expect([stream.written, closed()]).toEqual(["reset PN_UNSUPPORTED", 1]);
});
