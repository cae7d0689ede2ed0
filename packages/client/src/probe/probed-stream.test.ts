import type { Stream, StreamHandler } from "@postern/protocol";
import { expect, test } from "vitest";
import { ProbedStream } from "./probed-stream.js";

/** A stream that writes down what is done with it. */
class PlayedStream {
  handler!: StreamHandler;
  over = false;
  said = "";
  ended = false;
  taken = 0;

  write(chunk: Buffer): boolean {
    this.said += chunk.toString("latin1");
    return true;
  }
  end(): void {
    this.ended = true;
  }
  consumed(bytes: number): void {
    this.taken += bytes;
  }
}

/** A stream that is said to be a probe; ours are those that have `ours` in their head. */
function probed(): { stream: PlayedStream; relayed: string[]; done: () => number } {
  const stream = new PlayedStream();
  const relayed: string[] = [];
  let done = 0;
  new ProbedStream(stream as unknown as Stream, {
    respond: (head) => (head.includes("ours") ? "HTTP/1.1 204 No Content\r\n\r\n" : undefined),
    relay: () => {
      const handler: StreamHandler = {
        onData: (chunk) => relayed.push(chunk.toString("latin1")),
        onEnd: () => relayed.push("end"),
        onReset: () => relayed.push("reset"),
        onDrain() {},
      };
      stream.handler = handler;
      return handler;
    },
    onClosed: () => done++,
  });
  return { stream, relayed, done: () => done };
}

const feed = ({ handler }: PlayedStream, text: string): void => handler.onData(Buffer.from(text, "latin1"));
const pieces = (stream: PlayedStream, text: string): void => {
  for (const letter of text) feed(stream, letter);
};

test("one of ours is answered here, in one piece or in many, and its bytes are given back", () => {
  for (const send of [feed, pieces]) {
    const { stream, relayed, done } = probed();
    send(stream, "GET / HTTP/1.1\r\nours: 1\r\n\r\n");
    expect([stream.said, stream.ended, stream.taken, relayed]).toEqual([
      "HTTP/1.1 204 No Content\r\n\r\n",
      true,
      "GET / HTTP/1.1\r\nours: 1\r\n\r\n".length,
      [],
    ]);
    feed(stream, "more");
    expect(stream.taken).toBe("GET / HTTP/1.1\r\nours: 1\r\n\r\nmore".length);
    stream.over = true;
    stream.handler.onEnd();
    expect(done()).toBe(1);
  }
});

test("anything else goes on with every byte, also what lies behind its head", () => {
  for (const send of [feed, pieces]) {
    const { stream, relayed, done } = probed();
    const text = "GET / HTTP/1.1\r\nPostern-Probe: forged\r\n\r\nand a body";
    send(stream, text);
    stream.handler.onEnd();
    expect([relayed.join(""), stream.said, stream.taken, done()]).toEqual([`${text}end`, "", 0, 0]);
  }
});

test("what never becomes a head is not waited for", () => {
  const { stream, relayed } = probed();
  const endless = "x".repeat(20_000);
  pieces(stream, endless);
  expect(relayed.join("")).toBe(endless);
  const short = probed();
  feed(short.stream, "GET");
  short.stream.handler.onEnd();
  expect(short.relayed).toEqual(["GET", "end"]);
});

test("a stream that breaks before it is known is over", () => {
  const { stream, relayed, done } = probed();
  feed(stream, "GET / HT");
  stream.handler.onReset({ code: "PN_CANCELLED", delivered: 0 });
  expect([relayed, done()]).toEqual([[], 1]);
});
