import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import type { ErrorCode, Stream, StreamHandler } from "@postern/protocol";
import { CertificateAuthority, until } from "@postern/testkit";
import { expect, onTestFinished, test } from "vitest";
import { parseLocalAddress } from "./local-address.js";
import { LocalConnection } from "./local-connection.js";

/** A stream that records the calls of its methods. */
class FakeStream {
  handler!: StreamHandler;
  over = false;
  written = "";
  ended = false;
  consumedBytes = 0;
  code: ErrorCode | undefined;
  flushed = false;
  /** When true, it has room for one piece at a time. */
  narrow = false;
  #full = false;

  write(chunk: Buffer): boolean {
    expect(this.#full, "a piece is written without room for it").toBe(false);
    this.written += chunk.toString("latin1");
    this.#full = this.narrow;
    if (this.#full) setImmediate(() => this.#drain());
    return !this.#full;
  }
  #drain(): void {
    this.#full = false;
    this.handler.onDrain();
  }
  end(): void {
    this.ended = true;
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
  reset(code: ErrorCode): void {
    this.over = true;
    this.code = code;
  }
  resetAfterFlush(): void {
    this.over = true;
    this.flushed = true;
  }
  /** The peer resets it. */
  break(): void {
    this.over = true;
    this.handler.onReset({ code: "PN_CANCELLED", cause: "broken", delivered: 0 });
  }
}

/** Starts an echo service. */
async function echo(server: Server, host = "127.0.0.3"): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, host), "listening");
  return { port: (server.address() as AddressInfo).port, sockets };
}

const service = (): Server => createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));

/** A stream to a named service. The name is resolved when `found` is called. */
function search(local: string): {
  stream: FakeStream;
  found: (...addresses: string[]) => void;
  failures: ErrorCode[];
  /** The software that refused the Host. */
  refusals: string[];
  dialled: () => number;
  closed: () => number;
} {
  const stream = new FakeStream();
  const addresses = Promise.withResolvers<string[]>();
  const failures: ErrorCode[] = [];
  const refusals: string[] = [];
  let [dialled, closed] = [0, 0];
  const events = {
    onDialled: () => void dialled++,
    onDialFailure: (code: ErrorCode) => void failures.push(code),
    onHostRefused: (software: string) => void refusals.push(software),
  };
  const onClosed = (): void => void closed++;
  const address = parseLocalAddress(local);
  new LocalConnection(stream as unknown as Stream, address, events, onClosed, () => addresses.promise);
  const found = (...list: string[]): void => addresses.resolve(list);
  return { stream, found, failures, refusals, dialled: () => dialled, closed: () => closed };
}

const feed = ({ handler }: FakeStream, text: string): void => handler.onData(Buffer.from(text, "latin1"));

test("bytes and the end that arrive during the lookup are passed on after it, and bytes are not consumed before", async () => {
  const { port } = await echo(service());
  const { stream, found, failures, dialled, closed } = search(`service.test:${port}`);
  for (const text of ["one ", "two ", "three"]) feed(stream, text);
  stream.handler.onEnd();
  expect(stream.consumedBytes).toBe(0);
  found("127.0.0.3");
  await until("the connection to be closed", () => closed() === 1);
  expect([stream.written, stream.ended, stream.consumedBytes]).toEqual(["one two three", true, 13]);
  expect([failures, dialled()]).toEqual([[], 1]);
});

test("an address that refuses is skipped", async () => {
  const { port } = await echo(service());
  const { stream, found } = search(`service.test:${port}`);
  found("127.0.0.1", "127.0.0.2", "127.0.0.3");
  feed(stream, "hello");
  await until("the echo", () => stream.written === "hello");
});

test("when all addresses refuse, the stream is reset, and nothing is consumed", async () => {
  const { port } = await echo(service());
  const { stream, found, failures, closed } = search(`service.test:${port}`);
  feed(stream, "hello");
  found("127.0.0.1", "127.0.0.2");
  await until("the search to end", () => closed() === 1);
  expect([stream.code, stream.consumedBytes, failures]).toEqual(["PN_DIAL_REFUSED", 0, ["PN_DIAL_REFUSED"]]);
});

test("a name without an address is a failed dial", async () => {
  const { stream, found, closed } = search("service.test:80");
  found();
  await until("the search to end", () => closed() === 1);
  expect(stream.code).toBe("PN_DIAL_FAILED");
});

test("a stream that is reset during the lookup makes no connection", async () => {
  const { port, sockets } = await echo(service());
  const { stream, found, failures, closed } = search(`service.test:${port}`);
  stream.break();
  found("127.0.0.3");
  await until("the search to end", () => closed() === 1);
  expect([stream.code, failures, sockets.size]).toEqual([undefined, [], 0]);
});

test.for(["service.test", "127.0.0.3"])(
  "a stream to %s that is reset during the dial returns its window",
  async (host) => {
    const { port } = await echo(service());
    const { stream, found, closed } = search(`${host}:${port}`);
    feed(stream, "hello");
    stream.break();
    found("127.0.0.3");
    await until("the dial to end", () => closed() === 1);
    expect(stream.flushed).toBe(true);
  },
);

const REFUSAL =
  'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\nBlocked request. This host ("a.test") is not allowed.';

test.for([
  ["in one piece", [REFUSAL]],
  ["in two pieces", [REFUSAL.slice(0, 60), REFUSAL.slice(60)]],
] as const)("a service that refuses the Host, %s, is recognised once", async ([, pieces]) => {
  const sender = createServer((socket) => {
    const rest = [...pieces, REFUSAL];
    const next = (): void => {
      const piece = rest.shift();
      if (piece === undefined) return void socket.end();
      socket.write(piece, () => setImmediate(next));
    };
    next();
  });
  const { port } = await echo(sender);
  const { stream, refusals } = search(`127.0.0.3:${port}`);
  await until("the whole response", () => stream.ended);
  expect([stream.written, refusals]).toEqual([REFUSAL + REFUSAL, ["Vite"]]);
});

test("a response with other words is no refusal of the Host, and neither is a later response", async () => {
  for (const first of ["HTTP/1.1 200 OK\r\n\r\n", `HTTP/1.1 403 Forbidden\r\n\r\n${"x".repeat(10_000)}`]) {
    const sender = createServer((socket) => {
      socket.write(first, () => setImmediate(() => socket.end(REFUSAL)));
    });
    const { port } = await echo(sender);
    const { stream, refusals } = search(`127.0.0.3:${port}`);
    await until("the whole response", () => stream.ended);
    expect(refusals).toEqual([]);
  }
});

test("a reset is passed on to the service", async () => {
  const { port, sockets } = await echo(service());
  const { stream, found, closed } = search(`service.test:${port}`);
  found("127.0.0.3");
  feed(stream, "hello");
  await until("the echo", () => stream.written === "hello");
  stream.break();
  await until("the connection to be closed", () => sockets.size === 0 && closed() === 1);
});

/** Makes TLS services whose certificates are trusted in this test. */
function trusted(): (name: string) => Server {
  const ca = new CertificateAuthority(onTestFinished);
  const before = getCACertificates();
  onTestFinished(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, readFileSync(ca.certificate, "utf8")]);
  return (name) => {
    const { certificate, key } = ca.issue({ names: [name] });
    const options = { cert: readFileSync(certificate), key: readFileSync(key) };
    return createTlsServer(options, (socket) => void socket.on("error", () => {}).pipe(socket));
  };
}

test("with TLS the certificate must be valid for the name", async () => {
  const secure = trusted();
  const right = await echo(secure("service.test"));
  const reached = search(`https://service.test:${right.port}`);
  feed(reached.stream, "hello");
  reached.found("127.0.0.1", "127.0.0.3");
  await until("the echo", () => reached.stream.written === "hello");
  reached.stream.handler.onEnd();
  await until("the connection to be closed", () => reached.closed() === 1 && right.sockets.size === 0);
  expect(reached.stream.ended).toBe(true);

  const wrong = await echo(secure("other.test"));
  const refused = search(`https://service.test:${wrong.port}`);
  refused.found("127.0.0.3");
  await until("the search to end", () => refused.closed() === 1 && wrong.sockets.size === 0);
  expect([refused.stream.code, refused.failures]).toEqual(["PN_DIAL_FAILED", ["PN_DIAL_FAILED"]]);
});

test.each(["http", "https"])("a response over %s waits while the stream has no room", async (scheme) => {
  const { port } = await echo(scheme === "http" ? service() : trusted()("service.test"));
  const { stream, found } = search(`${scheme}://service.test:${port}`);
  const written = "0123456789abcdef".repeat(32 * 1024);
  stream.narrow = true;
  feed(stream, written);
  found("127.0.0.3");
  await until("the whole echo", () => stream.written.length === written.length);
  expect(stream.written).toBe(written);
});
