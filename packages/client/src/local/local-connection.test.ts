import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import type { ErrorCode, Stream, StreamHandler } from "@postern/protocol";
import { CertificateAuthority, makeCertificate, until } from "@postern/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseLocalAddress, type LocalTls } from "./local-address.js";
import { LocalConnection } from "./local-connection.js";
import { LocalService } from "./local-service.js";

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
function search(
  local: string,
  trust?: LocalTls,
): {
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
    onLocalTls: () => void failures.push("PN_DIAL_SCHEME"),
  };
  const onClosed = (): void => void closed++;
  const service = new LocalService(parseLocalAddress(local, trust), ["dial_codes"]);
  new LocalConnection(stream as unknown as Stream, service, events, onClosed, () => addresses.promise);
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
  expect([refused.stream.code, refused.failures]).toEqual(["PN_DIAL_UNTRUSTED", ["PN_DIAL_UNTRUSTED"]]);
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

describe("a local service with a certificate that is not trusted", () => {
  async function selfSigned(): Promise<{ port: number; certificate: string }> {
    const files = makeCertificate(onTestFinished);
    const certificate = readFileSync(files.certificate, "utf8");
    const options = { cert: certificate, key: readFileSync(files.key) };
    const server = createTlsServer(options, (socket) => void socket.on("error", () => {}).pipe(socket));
    const { port } = await echo(server, "127.0.0.1");
    return { port, certificate };
  }

  test("is refused with a code of its own", async () => {
    const { port } = await selfSigned();
    const { stream, closed, failures } = search(`https://127.0.0.1:${port}`);
    await until("the dial to end", () => closed() === 1);
    expect([stream.code, failures]).toEqual(["PN_DIAL_UNTRUSTED", ["PN_DIAL_UNTRUSTED"]]);
  });

  test("is used without verification, and with its own certificate as CA, even for another name", async () => {
    const { port, certificate } = await selfSigned();
    for (const trust of [{ verify: false }, { ca: certificate }])
      for (const host of ["127.0.0.1", "service.test"]) {
        const { stream, found } = search(`https://${host}:${port}`, trust);
        feed(stream, "hello");
        found("127.0.0.1");
        await until("the echo", () => stream.written === "hello");
        stream.break();
      }
  });

  test("a certificate that a trusted CA issued for another name is still refused", async () => {
    const ca = new CertificateAuthority(onTestFinished);
    const { certificate, key } = ca.issue({ names: ["other.test"] });
    const options = { cert: readFileSync(certificate), key: readFileSync(key) };
    const { port } = await echo(createTlsServer(options), "127.0.0.1");
    const { stream, closed } = search(`https://127.0.0.1:${port}`, { ca: readFileSync(ca.certificate, "utf8") });
    await until("the dial to end", () => closed() === 1);
    expect(stream.code).toBe("PN_DIAL_UNTRUSTED");
  });
});

describe("the wrong scheme", () => {
  test("https:// for a service without TLS", async () => {
    const plain = createServer((socket) => void socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { port } = await echo(plain, "127.0.0.1");
    const { stream, closed, failures } = search(`https://127.0.0.1:${port}`);
    await until("the dial to end", () => closed() === 1);
    expect([stream.code, failures]).toEqual(["PN_DIAL_SCHEME", ["PN_DIAL_SCHEME"]]);
  });

  test("http:// for a service with TLS that closes the connection without a byte", async () => {
    const files = makeCertificate(onTestFinished);
    const options = { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
    const { port } = await echo(createTlsServer(options), "127.0.0.1");
    const { stream, closed, failures } = search(`http://127.0.0.1:${port}`);
    feed(stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the connection to be closed", () => closed() === 1);
    expect([stream.code, failures]).toEqual(["PN_DIAL_SCHEME", ["PN_DIAL_SCHEME"]]);
  });

  test("http:// for a service with TLS that sends an alert", async () => {
    const alert = createServer((socket) => void socket.on("error", () => {}).write(Buffer.of(21, 3, 1, 0, 2, 2, 70)));
    const { port } = await echo(alert, "127.0.0.1");
    const { stream, closed } = search(`http://127.0.0.1:${port}`);
    await until("the connection to be closed", () => closed() === 1);
    expect([stream.code, stream.written]).toEqual(["PN_DIAL_SCHEME", ""]);
  });

  test("is not suspected when a service without TLS closes the connection: its end and its close are passed on", async () => {
    let connections = 0;
    const silent = createServer(
      (socket) =>
        void socket
          .on("error", () => {})
          .resume()
          .end(),
    );
    silent.on("connection", () => (connections += 1));
    const { port } = await echo(silent, "127.0.0.1");
    const { stream, closed, failures } = search(`http://127.0.0.1:${port}`);
    await until("the end", () => stream.ended);
    stream.handler.onEnd();
    await until("the connection to be closed", () => closed() === 1);
    expect([stream.code, failures, connections]).toEqual([undefined, [], 2]);
  });

  test("is not checked again once the service has responded without TLS", async () => {
    const address = parseLocalAddress("http://127.0.0.1:1");
    const local = new LocalService(address);
    expect(local.mayUseTls).toBe(true);
    local.isPlain = true;
    expect([local.mayUseTls, new LocalService(parseLocalAddress("https://127.0.0.1:1")).mayUseTls]).toEqual([
      false,
      false,
    ]);
  });

  test("is reported to a server that does not know the codes as a failed dial", () => {
    const local = new LocalService(parseLocalAddress(80), ["limit_codes"]);
    expect(
      ["PN_DIAL_SCHEME", "PN_DIAL_UNTRUSTED", "PN_DIAL_REFUSED"].map((code) => local.resetCode(code as ErrorCode)),
    ).toEqual(["PN_DIAL_FAILED", "PN_DIAL_FAILED", "PN_DIAL_REFUSED"]);
  });
});
