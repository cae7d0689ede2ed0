import { Gateway, Pool, Target, type FinishedRequest, type Upstream } from "@postern/gateway";
import { StreamConnection, type ByteStream } from "@postern/net";
import { memoryStreams, until } from "@postern/testkit";
import { describe, expect, test } from "vitest";
import { SessionStreams } from "./session-streams.ts";

/** A visitor at the far end of a connection. */
class Visitor {
  text = "";
  ended = false;
  broken = false;
  takes = true;
  readonly stream: ByteStream;
  #uncredited = 0;

  constructor(stream: ByteStream) {
    this.stream = stream;
    stream.handler = this;
  }
  send(text: string): void {
    this.stream.write(Buffer.from(text, "latin1"));
  }
  onData(chunk: Buffer): void {
    this.text += chunk.toString("latin1");
    this.#uncredited += chunk.length;
    if (this.takes) this.take();
  }
  take(): void {
    this.takes = true;
    const uncredited = this.#uncredited;
    this.#uncredited = 0;
    this.stream.consumed(uncredited);
  }
  onEnd(): void {
    this.ended = true;
  }
  onReset(): void {
    this.broken = true;
  }
  onDrain(): void {}
}

const LARGE = 3 * 1024 * 1024;

/** An origin in memory that answers by path. Its responses come in pieces of 10,000 bytes. */
class Origin implements Upstream {
  readonly unavailable = undefined;
  readonly suspect = false;
  /** Bytes of responses that wait for the gateway. */
  unsent = 0;

  dial(): ByteStream {
    const [near, far] = memoryStreams({ piece: 10_000 });
    let request = "";
    let switched = false;
    const answer = (text: string): void => {
      far.write(Buffer.from(text, "latin1"));
      this.unsent = far.unsent;
    };
    far.handler = {
      onData: (chunk) => {
        far.consumed(chunk.length);
        if (switched) return answer(`echo ${chunk.toString("latin1")}`);
        request += chunk.toString("latin1");
        const [head = "", body] = request.split(/\r\n\r\n([^]*)/);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (body === undefined || body.length < length) return;
        request = "";
        const [, path] = head.split(" ");
        switched = path === "/chat";
        if (switched) answer("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome");
        else if (path === "/large") answer(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n${"x".repeat(LARGE)}`);
        else if (path === "/chunks")
          answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        else answer(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      },
      onEnd: () => far.end(),
      onReset() {},
      onDrain: () => (this.unsent = far.unsent),
    };
    return near;
  }
}

const sessions = new SessionStreams();
const WAYS: Record<string, () => Promise<[ByteStream, ByteStream]>> = {
  "a session's stream": () => sessions.open(),
  "a pair in memory": () => Promise.resolve(memoryStreams({ piece: 7_000 })),
};

describe.each(Object.keys(WAYS))("a visitor on %s", (way) => {
  async function connect(): Promise<{ visitor: Visitor; origin: Origin; finished: string[]; gateway: Gateway }> {
    const origin = new Origin();
    const finished: string[] = [];
    const pool = new Pool([new Target(origin)]);
    const onFinished = ({ path, status, bytesIn, bytesOut, address }: FinishedRequest): void =>
      void finished.push(`${path} ${status} ${bytesIn} ${bytesOut} ${address}`);
    const gateway = new Gateway(() => ({ kind: "upstream", pool, hostHeader: undefined, onFinished }), {
      proto: "http",
    });
    const [near, far] = await WAYS[way]!();
    gateway.accept(new StreamConnection(far, "192.0.2.7"));
    return { visitor: new Visitor(near), origin, finished, gateway };
  }

  test("is answered, request after request", async () => {
    const { visitor, finished } = await connect();
    visitor.send(
      "GET /first HTTP/1.1\r\nHost: a\r\n\r\nPOST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
    );
    await until("both responses", () => finished.length === 2);
    visitor.send("GET /chunks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await until("the end", () => visitor.ended);
    const ok = "HTTP/1.1 200 OK\r\n";
    expect(visitor.text.replaceAll(/Date: .*\r\n/g, "")).toBe(
      `${ok}Content-Length: 0\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi` +
        `${ok}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    );
    expect(finished).toEqual(["/first 200 0 0 192.0.2.7", "/second 200 2 2 192.0.2.7", "/chunks 200 0 2 192.0.2.7"]);
  });

  test("sends and receives large bodies completely", async () => {
    const { visitor, finished } = await connect();
    visitor.send(`POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${LARGE}\r\n\r\n`);
    visitor.send("0123456789abcdef".repeat(LARGE / 16));
    await until("the response", () => finished.length === 1);
    await until("every byte", () => visitor.text.length === LARGE + visitor.text.indexOf("\r\n\r\n") + 4);
    expect(visitor.text.endsWith("0123456789abcdef".repeat(LARGE / 16))).toBe(true);
    expect(finished).toEqual([`/echo 200 ${LARGE} ${LARGE} 192.0.2.7`]);
  });

  test("that reads nothing stops the origin", async () => {
    const { visitor, origin, finished } = await connect();
    visitor.takes = false;
    visitor.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the first bytes", () => visitor.text.length > 0);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const got = visitor.text.length;
    expect(got).toBeLessThan(1_000_000);
    expect(origin.unsent).toBeGreaterThan(LARGE - 1_500_000);
    expect(finished).toEqual([]);
    visitor.take();
    await until("every byte", () => finished.length === 1 && visitor.text.length > LARGE);
  });

  test("can switch protocols, and each half closes by itself", async () => {
    const { visitor, finished } = await connect();
    visitor.send("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nearly");
    await until("the echo", () => visitor.text.endsWith("welcomeecho early"));
    visitor.send("hello");
    await until("the second echo", () => visitor.text.endsWith("echo hello"));
    visitor.stream.end();
    await until("the end", () => visitor.ended && finished.length === 1);
    expect(finished).toEqual(["/chat 101 10 27 192.0.2.7"]);
  });

  test("that leaves during a response ends its request", async () => {
    const { visitor, finished, gateway } = await connect();
    visitor.takes = false;
    visitor.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the first bytes", () => visitor.text.length > 0);
    visitor.stream.reset();
    await until("the end of the request", () => finished.length === 1 && gateway.visitors === 0);
    expect(finished[0]).toMatch(/^\/large 200 0 /);
  });

  test("that is refused receives the reason", async () => {
    const { visitor } = await connect();
    visitor.send("GET / HTTP/1.1\r\n\r\n");
    await until("the end", () => visitor.ended);
    expect(visitor.text).toMatch(/^HTTP\/1\.1 400 [^]*PN_HTTP_HOST_MISSING/);
  });
});
