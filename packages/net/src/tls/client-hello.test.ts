import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readClientHello } from "./client-hello.js";

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

describe("other protocols are detected at once", () => {
  test.for([
    ["HTTP", "GET / HTTP/1.1\r\n\r\n"],
    ["its first byte", "G"],
    ["SSH", "SSH-2.0-x\r\n"],
    ["an alert", "\x15\x03\x01\x00\x02\x02\x28"],
    ["another version", "\x16\x02\x00\x00\x10"],
    ["an empty record", "\x16\x03\x01\x00\x00"],
    ["a record too long", "\x16\x03\x01\x40\x01"],
    ["another message", "\x16\x03\x01\x00\x04\x02\x00\x00\x00"],
    ["a message too long", "\x16\x03\x01\x00\x04\x01\xff\xff\xff"],
    ["an empty message", "\x16\x03\x01\x00\x04\x01\x00\x00\x00"],
  ])("%s", ([, bytes]) => expect(readClientHello(Buffer.from(bytes as string, "latin1")).kind).toBe("invalid"));
});

test("two names, or an invalid name, are not a valid ClientHello", () => {
  const at = hello.indexOf("My-App");
  for (const sign of ["\0", " ", "\r", "\x80"]) {
    const changed = Buffer.from(hello);
    changed.write(sign, at, "latin1");
    expect(readClientHello(changed).kind).toBe("invalid");
  }
});

test("any bytes give one of three results, and only a name that is in them", () => {
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
