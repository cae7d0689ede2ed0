import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ALERTS, readClientHello } from "./client-hello.js";

/** The ClientHello of Node's OpenSSL. */
async function recorded(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, servername });
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [import("node:net").Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}

let hello: Buffer;
beforeAll(async () => {
  hello = await recorded("My-App.Example.COM");
});

/** The same handshake message in records of `size` bytes (RFC 8446, section 5.1: messages may be split). */
function inRecords(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(records);
}

test("the name is read in lower case", () => {
  expect(readClientHello(hello)).toEqual({ kind: "hello", serverName: "my-app.example.com" });
});

test("without SNI there is no name", async () => {
  expect(readClientHello(await recorded(""))).toEqual({ kind: "hello", serverName: undefined });
});

test("an IP address in SNI is ignored", () => {
  const [name, address] = ["My-App.Example.COM", "2001:db8:0:0::0:77"];
  const asked = Buffer.from(hello.toString("latin1").replace(name, address), "latin1");
  expect(asked.equals(hello)).toBe(false);
  expect(readClientHello(asked)).toEqual({ kind: "hello", serverName: undefined });
});

test("every prefix is partial, and following bytes change nothing", () => {
  for (let length = 0; length < hello.length; length += 1)
    expect(readClientHello(hello.subarray(0, length)).kind).toBe("partial");
  expect(readClientHello(Buffer.concat([hello, Buffer.from("anything")])).kind).toBe("hello");
});

test("records of any size give the same result", () => {
  for (const size of [1, 2, 3, 7, 100, hello.length])
    expect(readClientHello(inRecords(hello, size))).toEqual({ kind: "hello", serverName: "my-app.example.com" });
});

test.for(["GET / HTTP/1.1\r\n\r\n", "G", "\r\n", "SSH-2.0-x\r\n"])("%j is text", (text) => {
  expect(readClientHello(Buffer.from(text))).toEqual({ kind: "text" });
});

describe("everything else is refused at once with the alert that names the fault", () => {
  test.for([
    ["another type of record", "\x17", "unexpectedMessage"],
    ["an alert", "\x15\x03\x01\x00\x02\x02\x28", "unexpectedMessage"],
    ["an SSLv2 hello", "\x80\x2e\x01\x00\x02", "protocolVersion"],
    ["a zero", "\x00", "protocolVersion"],
    ["another version", "\x16\x02\x00\x00\x10", "protocolVersion"],
    ["an empty record", "\x16\x03\x01\x00\x00", "unexpectedMessage"],
    ["a record too long", "\x16\x03\x01\x40\x01", "recordOverflow"],
    ["another message", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", "unexpectedMessage"],
    ["text after the first record", "\x16\x03\x01\x00\x01\x01GET", "unexpectedMessage"],
    ["a message too long", "\x16\x03\x01\x00\x04\x01\x00\x40\x01", "illegalParameter"],
    ["an empty message", "\x16\x03\x01\x00\x04\x01\x00\x00\x00", "decodeError"],
  ] as const)("%s", ([, bytes, alert]) => {
    expect(readClientHello(Buffer.from(bytes, "latin1"))).toEqual({ kind: "invalid", alert: ALERTS[alert] });
  });

  test("a name with signs that no host name has", () => {
    const at = hello.indexOf("My-App");
    for (const sign of ["\0", " ", "\r", "\x80"]) {
      const changed = Buffer.from(hello);
      changed.write(sign, at, "latin1");
      expect(readClientHello(changed)).toEqual({ kind: "invalid", alert: ALERTS.unrecognizedName });
    }
  });

  test("a name that is not a host name, and a second name", () => {
    // The server_name extension: type, length, length of the list, type of the name, length, name.
    const at = hello.indexOf("My-App") - 9;
    const otherType = Buffer.from(hello);
    otherType[at + 6] = 1;
    expect(readClientHello(otherType)).toEqual({ kind: "invalid", alert: ALERTS.decodeError });
    expect(readClientHello(withTwoNames(hello))).toEqual({ kind: "invalid", alert: ALERTS.illegalParameter });
  });
});

/** The ClientHello with its server_name extension once more in place of everything that follows it. */
function withTwoNames(bytes: Buffer): Buffer {
  const at = bytes.indexOf("My-App") - 9;
  const size = 4 + bytes.readUInt16BE(at + 2);
  const twice = Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at, at + size)]);
  // The lengths of the record, of the message, and of the extensions, which end with the bytes.
  twice.writeUInt16BE(twice.length - 5, 3);
  twice.writeUIntBE(twice.length - 9, 6, 3);
  const extensions = extensionsOffset(bytes);
  twice.writeUInt16BE(twice.length - extensions - 2, extensions);
  return twice;
}

/** Where the length of the extensions is. */
function extensionsOffset(bytes: Buffer): number {
  let at = 9 + 34;
  at += 1 + bytes.readUInt8(at);
  at += 2 + bytes.readUInt16BE(at);
  return at + 1 + bytes.readUInt8(at);
}

test("any bytes give one of four results, and only a name that is in them", () => {
  const changes = fc.array(fc.tuple(fc.nat(3_000), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.nat(3_000), (changed, length) => {
      const bytes = Buffer.from(hello);
      for (const [at, value] of changed) bytes[at % bytes.length] = value;
      const read = readClientHello(bytes.subarray(0, Math.max(length, 1)));
      if (read.kind === "hello" && read.serverName !== undefined)
        expect(bytes.toString("latin1").toLowerCase()).toContain(read.serverName);
    }),
    { numRuns: 5_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readClientHello(Buffer.from(bytes))));
});
