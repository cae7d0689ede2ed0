import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import type { ErrorCode, Stream, StreamHandler } from "@postern/protocol";
import { CertificateAuthority, until } from "@postern/testkit";
import { expect, onTestFinished, test } from "vitest";
import { LocalSearch } from "./local-search.js";
import { parseTarget } from "./local-address.js";

/** A stream that writes down what is done with it. */
class PlayedStream {
  handler!: StreamHandler;
  over = false;
  said = "";
  ended = false;
  taken = 0;
  code: ErrorCode | undefined;
  /** It takes no more than one piece at a time. */
  narrow = false;
  #full = false;

  write(chunk: Buffer): boolean {
    expect(this.#full, "a piece for which there is no room").toBe(false);
    this.said += chunk.toString("latin1");
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
    this.taken += bytes;
  }
  reset(code: ErrorCode): void {
    this.over = true;
    this.code = code;
  }
  resetAfterFlush(): void {
    this.over = true;
  }
  /** The peer resets it. */
  break(): void {
    this.over = true;
    this.handler.onReset({ code: "PN_CANCELLED", delivered: 0 });
  }
}

/** A service that says back what it hears, when it has heard all. */
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

/** A stream to a service with a name; its addresses are known when `found` is called. */
function search(local: string): {
  stream: PlayedStream;
  found: (...addresses: string[]) => void;
  failures: ErrorCode[];
  done: () => number;
} {
  const stream = new PlayedStream();
  const addresses = Promise.withResolvers<string[]>();
  const failures: ErrorCode[] = [];
  let done = 0;
  const events = { onDialFailure: (code: ErrorCode) => void failures.push(code), onDone: () => void done++ };
  new LocalSearch(stream as unknown as Stream, parseTarget(local), events, () => addresses.promise);
  return { stream, found: (...list) => addresses.resolve(list), failures, done: () => done };
}

const feed = ({ handler }: PlayedStream, text: string): void => handler.onData(Buffer.from(text, "latin1"));

test("what comes while the address is looked for is handed on with its end, and taken only then", async () => {
  const { port } = await echo(service());
  const { stream, found, failures, done } = search(`service.test:${port}`);
  for (const text of ["one ", "two ", "three"]) feed(stream, text);
  stream.handler.onEnd();
  expect(stream.taken).toBe(0);
  found("127.0.0.3");
  await until("the connection to be over", () => done() === 1);
  expect([stream.said, stream.ended, stream.taken, failures]).toEqual(["one two three", true, 13, []]);
});

test("an address that refuses is passed over", async () => {
  const { port } = await echo(service());
  const { stream, found } = search(`service.test:${port}`);
  found("127.0.0.1", "127.0.0.2", "127.0.0.3");
  feed(stream, "hello");
  await until("the echo", () => stream.said === "hello");
});

test("when all refuse, the stream is reset so, and nothing of it was taken", async () => {
  const { port } = await echo(service());
  const { stream, found, failures, done } = search(`service.test:${port}`);
  feed(stream, "hello");
  found("127.0.0.1", "127.0.0.2");
  await until("it to be over", () => done() === 1);
  expect([stream.code, stream.taken, failures]).toEqual(["PN_DIAL_REFUSED", 0, ["PN_DIAL_REFUSED"]]);
});

test("a name without an address is a failed dial", async () => {
  const { stream, found, done } = search("service.test:80");
  found();
  await until("it to be over", () => done() === 1);
  expect(stream.code).toBe("PN_DIAL_FAILED");
});

test("nobody is connected to for a stream that was reset meanwhile", async () => {
  const { port, sockets } = await echo(service());
  const { stream, found, failures, done } = search(`service.test:${port}`);
  stream.break();
  found("127.0.0.3");
  await until("it to be over", () => done() === 1);
  expect([stream.code, failures, sockets.size]).toEqual([undefined, [], 0]);
});

test("a reset reaches the service that was found", async () => {
  const { port, sockets } = await echo(service());
  const { stream, found, done } = search(`service.test:${port}`);
  found("127.0.0.3");
  feed(stream, "hello");
  await until("the echo", () => stream.said === "hello");
  stream.break();
  await until("no connection to be left", () => sockets.size === 0 && done() === 1);
});

/** Makes services by TLS, whose certificates are trusted in this test. */
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

test("by TLS the certificate has to be of the name that was looked for", async () => {
  const secure = trusted();
  const right = await echo(secure("service.test"));
  const reached = search(`https://service.test:${right.port}`);
  feed(reached.stream, "hello");
  reached.found("127.0.0.1", "127.0.0.3");
  await until("the echo", () => reached.stream.said === "hello");
  reached.stream.handler.onEnd();
  await until("the connection to be over", () => reached.done() === 1 && right.sockets.size === 0);
  expect(reached.stream.ended).toBe(true);

  const wrong = await echo(secure("other.test"));
  const refused = search(`https://service.test:${wrong.port}`);
  refused.found("127.0.0.3");
  await until("it to be over", () => refused.done() === 1 && wrong.sockets.size === 0);
  expect([refused.stream.code, refused.failures]).toEqual(["PN_DIAL_FAILED", ["PN_DIAL_FAILED"]]);
});

test.each(["http", "https"])("what a service says by %s waits while the stream has no room", async (scheme) => {
  const { port } = await echo(scheme === "http" ? service() : trusted()("service.test"));
  const { stream, found } = search(`${scheme}://service.test:${port}`);
  const said = "0123456789abcdef".repeat(32 * 1024);
  stream.narrow = true;
  feed(stream, said);
  found("127.0.0.3");
  await until("the whole echo", () => stream.said.length === said.length);
  expect(stream.said).toBe(said);
});
