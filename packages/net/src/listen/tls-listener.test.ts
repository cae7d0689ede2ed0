import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection, type AddressInfo, type Server, type Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { readCertificate } from "../tls/certificate.js";
import { Certificates } from "../tls/certificates.js";
import { Cleanup, makeCertificate, needs, Wire, type SkippableTest } from "@postern/testkit";
import { TlsListener, type TlsListenerOptions } from "./tls-listener.js";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let shared: Certificates | undefined;

/** One self-signed certificate for all tests of this file. */
function certificates(context: SkippableTest): Certificates {
  needs(context, "openssl");
  if (shared !== undefined) return shared;
  const files = makeCertificate(cleanup.defer);
  const pem = { certificate: readFileSync(files.certificate), key: readFileSync(files.key) };
  return (shared = new Certificates([readCertificate(pem)]));
}

async function listen(options: Partial<TlsListenerOptions>): Promise<Server> {
  const tls = new TlsListener({
    certificates: {} as Certificates,
    clientCaFor: () => undefined,
    onConnection() {},
    onUnencrypted() {},
    ...options,
  });
  const listener = tls.listener().listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(() => {
    tls.close();
    listener.close();
  });
  return listener;
}

const portOf = (listener: Server): number => (listener.address() as AddressInfo).port;

test("stalled handshakes beyond the limit end the oldest ones", async () => {
  const listener = await listen({ maxHandshakes: 3 });
  const over = new Set<number>();
  for (let n = 0; n < 5; n++) {
    const socket = createConnection(portOf(listener), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}).on("close", () => over.add(n));
    await once(listener, "connection");
  }
  await expect.poll(() => [0, 1, 2, 3, 4].filter((n) => over.has(n))).toEqual([0, 1]);
});

describe("what is not a ClientHello", () => {
  test.for([
    ["another handshake message", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", 10],
    ["a record that is too long", "\x16\x03\x01\xff\xff", 22],
    ["application data", "\x17\x03\x03\x00\x01\x00", 10],
    ["a zero", "\x00", 70],
  ] as const)("%s gets a fatal alert and the end of the connection", async ([, bytes, alert]) => {
    const wire = await Wire.dial(onTestFinished, portOf(await listen({})));
    // What follows is unread when the alert is sent, and must not turn the end into a reset.
    wire.write(Buffer.concat([Buffer.from(bytes, "latin1"), Buffer.alloc(100_000)]));
    expect(await wire.over()).toBe("end");
    expect([...wire.received]).toEqual([21, 3, 3, 0, 2, 2, alert]);
  });

  test("text is handed over unread, and its connection is no handshake any more", async () => {
    const texts: string[] = [];
    const onUnencrypted = (socket: Socket): void => void socket.on("data", (chunk) => texts.push(String(chunk)));
    const listener = await listen({ onUnencrypted, maxHandshakes: 1 });
    const first = await Wire.dial(onTestFinished, portOf(listener));
    first.write("GET / HTTP/1.1\r\n");
    await expect.poll(() => texts.join("")).toBe("GET / HTTP/1.1\r\n");
    const second = await Wire.dial(onTestFinished, portOf(listener));
    second.write("P");
    first.write("Host: a\r\n");
    await expect.poll(() => texts).toContain("Host: a\r\n");
    expect(first.end).toBe("open");
  });
});

describe("after the handshake", () => {
  /** A connection whose handshake is complete: the listener's socket, the peer's, and the TCP connection below it. */
  async function connected(
    context: SkippableTest,
    options: ConnectionOptions,
  ): Promise<{ own: Socket; peer: TLSSocket; tcp: Socket }> {
    const accepted = Promise.withResolvers<Socket>();
    const listener = await listen({
      certificates: certificates(context),
      onConnection: (socket) => accepted.resolve(socket),
    });
    const tcp = createConnection(portOf(listener), "127.0.0.1");
    const peer = connect({ socket: tcp, rejectUnauthorized: false, ...options });
    onTestFinished(() => {
      peer.destroy();
      tcp.destroy();
    });
    peer.on("error", () => {});
    await once(peer, "secureConnect");
    const own = await accepted.promise;
    own.on("data", () => {});
    return { own, peer, tcp };
  }

  test.for(["TLSv1.2", "TLSv1.3"] as const)(
    "a corrupt record destroys a connection of %s, and the peer gets an alert",
    async (version, context) => {
      const { own, peer, tcp } = await connected(context, { minVersion: version, maxVersion: version });
      const fault = new Promise<Error>((resolve) => peer.once("error", resolve));
      tcp.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 64), Buffer.alloc(64, 7)]));
      await expect.poll(() => own.closed).toBe(true);
      expect(own.errored).not.toBeNull();
      expect(await fault).toMatchObject({ code: expect.stringContaining("BAD_RECORD_MAC") });
    },
  );

  test("a peer that renegotiates is refused with an alert", async (context) => {
    const { peer } = await connected(context, { maxVersion: "TLSv1.2" });
    const refused = new Promise<Error>((resolve) => peer.once("error", resolve));
    let handshakes = 0;
    peer.renegotiate({ rejectUnauthorized: false }, (error) => (handshakes += error === null ? 1 : 0));
    expect(await refused).toMatchObject({ code: expect.stringContaining("NO_RENEGOTIATION") });
    expect(handshakes).toBe(0);
  });
});

describe("the cipher suite is", () => {
  const AES = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"];

  /** The suite of a handshake with a peer that offers `ciphers` in this order. */
  async function agreed(context: SkippableTest, ...ciphers: string[]): Promise<string> {
    const listener = await listen({ certificates: certificates(context) });
    const peer = connect({ port: portOf(listener), ciphers: ciphers.join(":"), rejectUnauthorized: false });
    onTestFinished(() => void peer.destroy());
    await once(peer, "secureConnect");
    return peer.getCipher().name;
  }

  test("the server's preferred one of those that the peer offers", async (context) => {
    expect(await agreed(context, ...AES)).toBe("TLS_AES_128_GCM_SHA256");
    expect(await agreed(context, ...AES, "TLS_CHACHA20_POLY1305_SHA256")).toBe("TLS_AES_128_GCM_SHA256");
  });

  test("ChaCha20 if the peer prefers it, because it has no instructions for AES", async (context) => {
    const CHACHA = "TLS_CHACHA20_POLY1305_SHA256";
    expect(await agreed(context, CHACHA, ...AES)).toBe(CHACHA);
  });
});
